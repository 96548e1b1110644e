-- atomic: false
SELECT 'it\'s' # so
;
