complete --keep-order --exclusive --command manage --arguments "(MANAGE_COMPLETE=fish manage -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
