# The two commands of the README are `make demo` and `make test`. Each installs what it lacks and says so.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
NODE_FLAGS := --enable-source-maps --experimental-vm-modules --disable-warning=ExperimentalWarning

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package.json package-lock.json
	npm install --no-save --no-audit --no-fund # `npm ci` of npm 11.19 refuses lock files with optional packages of other platforms
	@touch $@

deps: node_modules/.package-lock.json

build: deps ## Compile, then bundle the programs into dist/
	npx tsc -b
	node out/test/build/bundle.js

lint: deps ## Import rules, floating promises, house rules
	npx oxlint --type-aware --deny-warnings

unit: deps ## The quick tests: no root, no network, under a minute
	npx tsc -b
	node $(NODE_FLAGS) node_modules/jest/bin/jest.js --testPathIgnorePatterns '/test/(e2e|apiserver|host|redis)/'

setup: deps ## Install and build what the lab lacks: Debian packages, Kubernetes programs
	npx tsc -b
	node out/test/lab/main.js setup

JEST := node $(NODE_FLAGS) node_modules/jest/bin/jest.js
WORLD := node out/test/lab/main.js in-world --

parts: setup ## Tests of single parts on real ones: API servers, Redis, the kernel's network
	node out/test/build/bundle.js
	$(JEST) --runInBand --forceExit out/test/apiserver out/test/redis out/test/host

e2e: setup ## Whole federations on this machine: bare nodes, then real kubelets
	node out/test/build/bundle.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/federation.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/spread.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/granularity.test.js out/test/e2e/flannel.test.js out/test/e2e/ipip.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/failover.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/leaks.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/peers.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/safety.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/families.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/underlay.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/annotations.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/heard.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/kilo.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/cni.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/lab.test.js
	$(WORLD) $(JEST) --runInBand --forceExit out/test/e2e/example.test.js

test: setup lint unit parts e2e ## Everything; installs what is missing

demo: setup ## Three clusters, one federation, on this machine (ONCE=1: show and end)
	node out/test/build/bundle.js
	@node --enable-source-maps out/test/demo/main.js

bench: setup ## Figures; ONLY=name runs one group, OUT=file also writes JSON; failover: ROWS=word,word ROUNDS=n
	node out/test/build/bundle.js
	@$(WORLD) node --enable-source-maps out/test/bench/main.js

lab-shell: ## A shell inside the lab that runs now (RUN=id chooses)
	@node out/test/lab/main.js shell $(RUN)

lab-sweep: ## Remove what labs left that were killed
	@node out/test/lab/main.js sweep

.PHONY: help deps build lint unit setup parts e2e test demo bench lab-shell lab-sweep
