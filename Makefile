# Each target installs what it lacks and says so, `make demo` and `make test` also what the lab needs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	npm ci --no-audit --no-fund
	@touch $@

deps: node_modules/.package-lock.json ## Install the npm packages of the lock file

compile: deps ## Compile the sources to out/
	npx tsc -b

build: compile ## Compile, then bundle the programs into dist/
	node out/tools/bundle/bundle.js

image: build ## Both images for amd64 and arm64 into out/image, without a builder: OCI layouts, archives, bills of materials
	node out/tools/image/image.js layout

image-pin: compile ## Write the newest packages that apt and npm have into tools/image/packages.lock
	node out/tools/image/image.js pin

release: image ## What a release of tag TAG=v1.2.3 is made of, into out/release: images, chart, manifests, notes, hashes
	node out/tools/release/release.js $(TAG)

generate: compile ## Write the files that are made from the sources: CRDs, manifests, part of the reference
	node out/tools/generate/generate.js

format: deps ## Format the sources
	npx oxfmt .

lint: compile ## Format, types, import borders, circles, unused exports, line length, generated files
	@node out/tools/lint/main.js

unit: compile ## The quick tests: no root, no network, a minute or two; T=pattern chooses by path
	@node out/test/run/main.js unit $(foreach each,$(T),'$(each)')

fuzz: compile ## What others may say, as generated, 100,000 times; RUNS=n, SEED=n as it was printed, T=pattern
	@FUZZ_RUNS=$(or $(RUNS),100000) $(if $(SEED),FUZZ_SEED=$(SEED)) node out/test/run/main.js fuzz $(foreach each,$(T),'$(each)')

setup: compile ## Install and build what the lab lacks: Debian packages, Kubernetes programs
	node out/test/lab/main.js setup tests

lab-setup: compile ## The same for the lab alone, without what only tests run
	node out/test/lab/main.js setup $(NEEDS)

parts: setup build ## Tests of single parts on real ones: API servers, Redis, the kernel's network; T=pattern
	@node out/test/run/main.js parts $(foreach each,$(T),'$(each)')

e2e: NEEDS = flannel
e2e: lab-setup build ## Whole federations on this machine: bare nodes, then real kubelets; T=file
	@node out/test/run/main.js e2e $(foreach each,$(T),'$(each)')

kernel: lab-setup kernel-setup build ## The host's part on a real kernel in a virtual machine; KERNEL=5.10, 6.1 or 6.12, T=pattern
	@KERNEL=$(or $(KERNEL),6.1) node out/test/run/main.js kernel $(foreach each,$(T),'$(each)')

kernel-setup: compile ## QEMU, and the kernel that KERNEL names, unpacked into the cache
	node out/test/vm/main.js setup $(or $(KERNEL),6.1)

nightly: KERNEL = 5.10 6.12
nightly: lab-setup kernel-setup build ## What `make test` leaves out: the other kernels
	@failed=; for each in $(KERNEL); do KERNEL=$$each node out/test/run/main.js kernel || failed=1; done; [ -z "$$failed" ]

test: setup kernel-setup build ## Everything, with a summary at the end; T=pattern chooses
	@node out/test/run/main.js all $(foreach each,$(T),'$(each)')

demo: NEEDS = $(NETWORK)
demo: lab-setup build ## Three clusters, one federation, on this machine (ONCE=1: show and end; NETWORK=flannel: beside flannel)
	@node --enable-source-maps out/test/demo/main.js

bench: setup build ## Figures; ONLY=name runs one group, OUT=file also writes JSON; failover: ROWS=word,word ROUNDS=n
	@node out/test/lab/main.js in-world -- node --enable-source-maps out/test/bench/main.js

lab-shell: ## A shell inside the lab that runs now (RUN=id chooses)
	@node out/test/lab/main.js shell $(RUN)

lab-sweep: ## Remove what labs left that were killed
	@node out/test/lab/main.js sweep

.PHONY: help deps compile build image image-pin release generate format lint unit fuzz setup lab-setup parts e2e kernel kernel-setup nightly test demo bench lab-shell lab-sweep
