# Two commands serve a newcomer: make bench, make test. `make help` lists the rest.

# Narrow or sweep: make bench BENCH=Pages ROUNDS=20 CPU=1,2
BENCH     ?= .
ROUNDS    ?= 10
CPU       ?=
BENCHTIME ?= 50ms
OUT       ?=
# A time to measure for, such as 10m, in place of ROUNDS
FOR       ?=
# More flags for overlap bench: make bench BENCHFLAGS='-seed 7 -- -full'
BENCHFLAGS ?=

# The race detector needs cgo, and so a C compiler; go env knows if there is one.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.DEFAULT_GOAL := help
.PHONY: help bench test lint compare smoke bin docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bench: bin ## compare the models: about three minutes (BENCH=, ROUNDS=, CPU=1,2, BENCHTIME=, OUT=, FOR=)
	bin/overlap bench -bench '$(BENCH)' -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' $(if $(CPU),-cpu '$(CPU)') $(if $(OUT),-o '$(OUT)') $(if $(FOR),-for '$(FOR)') $(BENCHFLAGS)

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
	@for file in '$(OLD)' '$(NEW)'; do [ -r "$$file" ] || { echo "compare: cannot read $$file" >&2; exit 2; }; done
	@go tool benchstat -ignore benchtime,commit,date,seed,spin,toolchain '$(OLD)' '$(NEW)'

smoke: ## one short round of make bench, and one of overlap run, to see that they work
	@$(MAKE) --no-print-directory bench ROUNDS=1 BENCHTIME=1x OUT=bin/smoke-$$$$.txt
	rm -f bin/smoke-*.txt
	bin/overlap run -n 200 -latency 5ms

bin: ## build the command, bin/overlap
	go build -o bin/overlap ./cmd/overlap

docs: ## make the tables and outputs in README.md and docs/ anew from the recorded runs
	go test ./docs -run TestPagesAreUpToDate -update

clean: ## remove what was built (results are yours and stay)
	rm -rf bin
