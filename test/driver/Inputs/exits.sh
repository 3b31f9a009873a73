#!/bin/sh
# exits.sh CODE COMMAND...: runs it, expects that exit code, nothing on standard output and one line on standard error,
# which it prints.
code=$1 && shift
"$@" >out 2>err
test $? = "$code" && test ! -s out && test "$(wc -l <err)" = 1 && cat err
