# make demo   plays the whole story in a throw-away home
# make test   runs every test but the long random ones, from a clean checkout; without sshd, versitygw, or `make web` and a
#             browser before, those that need them are skipped
# make soak   plays random histories for hours

SHELL   := bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || true)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
TIMEOUT ?= 25m

# The flags of the programs. Whatever links every rclone backend is built with them and no others: a second set would
# compile rclone a second time, four minutes on two cores.
RELEASE := CGO_ENABLED=0 GOFLAGS=-trimpath
FUZZTIME ?= 10s

# Packages whose tests link every rclone backend: the race detector would cost minutes there and find rclone's races.
heavy = $(shell go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... \
	| grep -F github.com/rclone/rclone/backend/all | sed -E 's/ .*//; s/(\.test|_test)$$//' | sort -u)
all = $(shell go list ./...)

# The stories of the command line start a thousand processes: with the race detector in each they take a quarter of an
# hour. All run without it, and those that do most at the same time once more with it.
stories  := vaultctl/internal/cli
RACED    ?= document|consent|import|batch

# The engine's tests take ten minutes with the race detector. All run without it, and those in which most happens at the same
# time once more with it.
engine       := vaultctl/internal/engine
RACED_ENGINE ?= Concurrent|Import|Poll|Join|Lock|Mirror|TakeOver|AtOnce|Wait

# Drawing pages is one goroutine's work, and takes four minutes with the race detector.
drawing := vaultctl/internal/paper

# The model of many devices in the domain plays 20,000 operations, the same each time; other histories, and those of real
# workstations, whose threads no seed repeats, are for `make soak`.
SEED ?= 20261122

.PHONY: build web test soak demo screens bench lint docs fuzz cross clean

build:
	$(RELEASE) go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/vaultctl ./cmd/vaultctl-tui ./cmd/vaultd

# The page that opens packages, from the npm packages of a lock file; whatever is built afterwards can write packages. Needs
# node 18 or later. Nothing that a package brings is run while it is installed.
WEB := internal/sharepage/web

web:
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(WEB)
	npm run build --prefix $(WEB)

test:
	$(RELEASE) go test -timeout $(TIMEOUT) -skip '^TestModel' $(filter $(heavy) $(stories) $(engine) $(drawing),$(all))
	CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) -skip '^TestModel' $(filter-out $(heavy) $(stories) $(engine) $(drawing),$(all))
	$(RELEASE) go test -timeout $(TIMEOUT) -run '^TestModel' ./internal/vault -rapid.seed $(SEED)
	CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) -run '^TestScripts$$/^($(RACED))$$' $(stories)
	CGO_ENABLED=1 go test -race -timeout $(TIMEOUT) -skip '^TestKilled|^TestModel' -run '$(RACED_ENGINE)' $(engine)

# Random histories for hours: of many devices in the domain, of real workstations over a storage that behaves badly, and of
# processes and daemons that are killed. A failure prints its seed and is kept in testdata/rapid, from where every later run plays it.
SOAK ?= 4h

soak:
	end=$$(( $$(date +%s) + $$(awk -v d=$(SOAK) 'BEGIN { u = substr(d, length(d)); print int(d) * (u == "h" ? 3600 : u == "m" ? 60 : 1) }') )); \
	while [ "$$(date +%s)" -lt "$$end" ]; do \
		$(RELEASE) go test -count 1 -timeout 0 -run '^TestModel' ./internal/vault -rapid.checks 500; \
		$(RELEASE) go test -count 1 -timeout 0 -run '^TestModel' ./internal/engine -rapid.checks 60; \
		$(RELEASE) go test -count 1 -timeout 0 -run '^TestKilled' ./internal/engine -killed 500; \
		$(RELEASE) go test -count 1 -timeout 0 -run '^TestKilled' ./internal/e2e -kills 500; \
	done

demo: build
	PATH="$(CURDIR)/bin:$$PATH" scripts/demo.sh

# Pictures of the screen for the README. Needs tmux.
screens: build
	BIN=bin scripts/screens/screens.sh docs/screens

# The two programs against stock age, cp and sync, into docs/bench; then the benchmarks of single packages.
bench: build
	go run ./scripts/bench -bin bin
	go test -run '^$$' -bench . -benchmem -timeout 30m \
		$$(grep -rl --include='*_test.go' '^func Benchmark' internal cmd | xargs -n1 dirname | sort -u | sed 's|^|./|')

lint:
	$(RELEASE) golangci-lint run ./...

# Manual pages and completions; a test fails while the committed ones are stale.
docs:
	go run ./internal/cli/gendocs .

# A short run of each fuzz target; longer ones with FUZZTIME=10m.
fuzz:
	grep -r --include='*_test.go' -oE '^func Fuzz[A-Za-z0-9_]+' internal cmd | sort | while IFS=: read -r file func; do \
		echo "== $$file $${func#func }"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")"; \
	done

# The programs for every system that releases serve.
cross:
	for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
		echo "== $$target"; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -o /dev/null ./cmd/vaultctl; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -o /dev/null ./cmd/vaultctl-tui; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -o /dev/null ./cmd/vaultd; \
	done

clean:
	rm -rf bin dist
