
set edit:completion:arg-completer[manage] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) MANAGE_COMPLETE="elvish" manage -- $@words) | to-lines
}

