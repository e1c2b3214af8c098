# Two commands serve a newcomer: make bench, make test. `make help` lists the rest.

# Narrow or sweep: make bench BENCH=Pages ROUNDS=20 CPU=1,2
BENCH     ?= .
ROUNDS    ?= 10
CPU       ?=
BENCHTIME ?= 50ms
OUT       ?=
# A time to measure for, such as 10m, in place of ROUNDS
FOR       ?=
# Another Python for make bench-runtimes, such as ~/venv/bin/python
PYTHON    ?=
# For how long make soak measures; filling and draining come on top
MINUTES   ?= 10
# More flags for overlap bench: make bench BENCHFLAGS='-seed 7 -- -full'
BENCHFLAGS ?=

# The race detector needs cgo, and so a C compiler; go env knows if there is one.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.DEFAULT_GOAL := help
.PHONY: help bench bench-scale bench-sweep bench-asyncio bench-peers bench-libraries bench-runtimes bench-workloads bench-guards bench-queue soak peers-report bench-selftest test lint compare report smoke bin docs demo-queue clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bench: bin ## compare the models: about three minutes (BENCH=, ROUNDS=, CPU=1,2, BENCHTIME=, OUT=, FOR=)
	bin/overlap bench -bench '$(BENCH)' -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' $(if $(CPU),-cpu '$(CPU)') $(if $(OUT),-o '$(OUT)') $(if $(FOR),-for '$(FOR)') $(BENCHFLAGS)

bench-scale: bin ## 1 to 1,000,000 waiting jobs: bytes and microseconds a job, about four minutes (ROUNDS=2)
	bin/overlap bench -pkg ./bench/scale -bench '$(BENCH)' -unit B/job,us/job -benchtime 1x -rounds '$(if $(filter file,$(origin ROUNDS)),2,$(ROUNDS))' $(if $(OUT),-o '$(OUT)') $(BENCHFLAGS)

bench-sweep: bin ## the curves of a report: over jobs, limit and share of CPU work, about fifteen minutes
	bin/overlap bench -bench Sweep -rounds '$(ROUNDS)' -benchtime 1x $(if $(OUT),-o '$(OUT)') $(BENCHFLAGS) -- -sweep

# Four runs, as they want other units and rounds; then the bars, from all of them.
bench-asyncio: bin ## the event loop beside goroutines and python3's asyncio, and the bars set for it: about nine minutes (ROUNDS=, OUT=)
	@out='$(OUT)'; out=$${out:-bench/results/asyncio-$$(date +%Y-%m-%dT%H%M%S).txt}; out=$${out%.txt}; set -ex; \
	bin/overlap bench -pkg ./bench/asyncio -bench 'Switch|Create|Tree|Offload|Job' -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' -o "$$out.txt" $(BENCHFLAGS); \
	bin/overlap bench -pkg ./bench/asyncio -bench Waiting -unit B/job,us/job -rounds '$(ROUNDS)' -benchtime 1x -calibrate=false -o "$$out-waiting.txt"; \
	bin/overlap bench -pkg ./bench/asyncio -bench 'Waiting/.*/model=(asyncio|eventloop-stackless)$$' -unit B/job,us/job -rounds 2 -benchtime 1x -calibrate=false -control none -o "$$out-waiting-million.txt" -- -million; \
	bin/overlap bench -bench 'Pages/latency=10ms/inflight=30/tasks=100/model=eventloop$$' -unit cpu-sec/job -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' -calibrate=false -control none -o "$$out-pages.txt"; \
	go run ./bench/asyncio/bars "$$out.txt" "$$out-waiting.txt" "$$out-waiting-million.txt" "$$out-pages.txt"

bench-peers: bench-libraries bench-runtimes ## both of the next: about forty minutes (ROUNDS=, OUT=)

# bench/peers is a module of its own, so its benchmarks are run in its directory.
PEERS := $(abspath $(patsubst %.txt,%,$(if $(OUT),$(OUT),bench/results/peers-$(shell date +%Y-%m-%dT%H%M%S))))

WITHPYTHON := $(if $(PYTHON),-python '$(PYTHON)')

bench-libraries: bin ## the pool beside other Go libraries, on the same jobs: about four minutes (BENCH=, ROUNDS=, OUT=)
	cd bench/peers && ../../bin/overlap bench -pkg . -bench '$(BENCH)' -unit ns/job -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' -o '$(PEERS)-libraries.txt' $(BENCHFLAGS)

bench-runtimes: bin ## the pool beside Python, Node and wrk, and the bars set for it: thirty-five minutes (ROUNDS=, OUT=, PYTHON=)
	@out='$(PEERS)'; cd bench/peers; set -ex; \
	../../bin/overlap bench -pkg ./runtimes -bench Clients -unit ns/job,cpu-ns/job,peak-rss-B -rounds '$(ROUNDS)' -benchtime 1x -control go-pool -o "$$out-clients.txt" -- $(WITHPYTHON); \
	../../bin/overlap bench -pkg ./runtimes -bench Switch -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' -calibrate=false -control none -o "$$out-switches.txt" -- $(WITHPYTHON); \
	../../bin/overlap bench -pkg ./runtimes -bench Waiting -unit B/job,us/job -rounds 6 -benchtime 1x -calibrate=false -control none -o "$$out-waiting.txt" -- -million $(WITHPYTHON); \
	go run ./bars "$$out-clients.txt"

peers-report: bin ## which clause of the contract each library keeps, found out anew, in two minutes; and the pages that tell of it
	go -C bench/peers run ./clauses -o $(CURDIR)/bench/results/peers-clauses.txt
	bin/overlap docs

# What is compared is ns a job: the workloads have different numbers of them.
bench-workloads: bin ## pages, a crawl, rows, files and live messages under the models, side by side: about twenty minutes (BENCH=, ROUNDS=, OUT=)
	bin/overlap bench -pkg ./bench/workloads -bench '$(BENCH)' -rounds '$(ROUNDS)' -benchtime 1x $(if $(OUT),-o '$(OUT)') $(BENCHFLAGS)

bench-guards: bin ## what guards gain and cost: a hedge against the tail, retries against a server that fails: about fifteen minutes (BENCH=, ROUNDS=, OUT=)
	bin/overlap bench -pkg ./bench/guards -bench '$(BENCH)' -rounds '$(ROUNDS)' -benchtime 1x $(if $(OUT),-o '$(OUT)') $(BENCHFLAGS)

# The noise floor is wanted of what the bar is about.
bench-queue: bin ## what it costs that another process does a job, the bar set for it beside NATS's own client: about a quarter of an hour (BENCH=, ROUNDS=, OUT=)
	@out='$(OUT)'; out=$${out:-bench/results/queue-$$(date +%Y-%m-%dT%H%M%S).txt}; set -ex; \
	bin/overlap bench -pkg ./bench/queues -bench '$(BENCH)' -control queue -unit jobs/s,cpu-ns/job -rounds '$(ROUNDS)' -benchtime '$(BENCHTIME)' -o "$$out" $(BENCHFLAGS); \
	go run ./bench/queues/bars "$$out"

soak: ## 10,000 jobs in flight with faults on: is memory flat? ten minutes, and two for filling and draining (MINUTES=)
	go run ./bench/faults/soak -minutes '$(MINUTES)'

# The go command runs no tool of one module on another.
bin/staticcheck: go.mod
	go build -o bin/staticcheck honnef.co/go/tools/cmd/staticcheck

bench-selftest: ## prove the judge on models whose verdict is known: about five minutes of a quiet machine
	go test -run '^$$' -bench Verdicts -benchtime 1x -timeout 30m ./bench/verdict

test: ## prove the models right, with the race detector if there is a C compiler
	$(if $(RACE),,@echo 'race checks skipped: cgo is off or there is no C compiler')
	go test $(RACE) ./...
	go -C bench/peers test $(RACE) ./...

lint: bin/staticcheck ## gofmt, go vet, staticcheck, go mod tidy: no finding is left
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	for module in . bench/peers; do \
		(cd $$module && go vet ./... && $(CURDIR)/bin/staticcheck ./... && go mod tidy -diff) || exit 1; \
	done

compare: bin ## what two runs show: make compare OLD=a.txt NEW=b.txt (UNIT=, FAILOVER=5%)
	@if [ -z '$(OLD)' ] || [ -z '$(NEW)' ]; then echo 'usage: make compare OLD=a.txt NEW=b.txt' >&2; exit 2; fi
	@bin/overlap compare $(if $(UNIT),-unit '$(UNIT)') $(if $(FAILOVER),-fail-over '$(FAILOVER)') '$(OLD)' '$(NEW)'

report: bin ## HTML, Markdown, CSV and figures from raw files: make report FILES='a.txt b.txt'
	@if [ -z '$(FILES)' ]; then echo "usage: make report FILES='bench/results/reference.txt ...'" >&2; exit 2; fi
	bin/overlap report $(FILES)

smoke: ## one short round of make bench, and one of overlap run, to see that they work
	@$(MAKE) --no-print-directory bench ROUNDS=1 BENCHTIME=1x OUT=bin/smoke-$$$$.txt
	rm -f bin/smoke-*.txt
	bin/overlap run -n 200 -latency 5ms

bin: ## build the command, bin/overlap
	go build -o bin/overlap ./cmd/overlap

docs: bin ## make what is generated in the pages anew, from code and recorded runs
	bin/overlap docs

demo-queue: bin ## workers are killed, and no job is lost: half a minute to watch
	bin/overlap queue demo

clean: ## remove what was built (results are yours and stay)
	rm -rf bin
