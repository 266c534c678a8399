module understudy/examples

go 1.19
