# Two commands serve a newcomer: make bench, make test. `make help` lists the rest.

# Narrow or sweep: make bench BENCH=Pages ROUNDS=20 CPU=1,2
BENCH     ?= .
ROUNDS    ?= 10
CPU       ?=
BENCHTIME ?= 100ms
# More flags for overlap bench: make bench BENCHFLAGS='-seed 7 -- -full'
BENCHFLAGS ?=

# The race detector needs cgo, and so a C compiler; go env knows if there is one.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.DEFAULT_GOAL := help
.PHONY: help bench test lint compare smoke bin clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bench: ## compare the models: about three minutes (BENCH=, ROUNDS=, CPU=1,2, BENCHTIME=)
	go test -run '^$$' -bench '$(BENCH)' -count '$(ROUNDS)' -benchtime '$(BENCHTIME)' $(if $(CPU),-cpu '$(CPU)') ./bench

test: ## prove the models right, with the race detector if there is a C compiler
	$(if $(RACE),,@echo 'race checks skipped: cgo is off or there is no C compiler')
	go test $(RACE) ./...

lint: ## gofmt, go vet, staticcheck, go mod tidy: no finding is left
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

compare: ## benchstat on two runs: make compare OLD=a.txt NEW=b.txt
	@if [ -z '$(OLD)' ] || [ -z '$(NEW)' ]; then echo 'usage: make compare OLD=a.txt NEW=b.txt' >&2; exit 2; fi
	@go tool benchstat -ignore commit,date,seed,spin,toolchain '$(OLD)' '$(NEW)'

smoke: ## every benchmark once, to see that it works
	go test -run '^$$' -bench . -benchtime 1x ./bench

clean: ## remove what was built (results are yours and stay)
	rm -rf bin
