# Every target does its own set-up: a clone, a Rust toolchain and the package registries are enough.

.DEFAULT_GOAL := help
.PHONY: help up example build component host frontend openapi test test-browser fuzz bench soak lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## Build, and serve on http://127.0.0.1:3000 until Ctrl-C
	@scripts/up.sh

example: frontend ## The same with a front end in WebAssembly, at http://127.0.0.1:3000/app/
	@scripts/up.sh examples/frontend /app/

build: component host ## Build the component and the host for development

component:
	@scripts/wasm-target.sh
	cargo build --release --target wasm32-wasip2 --package gatehouse

host:
	cargo build --profile native --package gatehouse-host

# In its own folder, because it is a workspace of its own.
frontend:
	@scripts/wasm-target.sh
	@scripts/wasm-target.sh wasm32-unknown-unknown
	cd examples/frontend && cargo build --release --target wasm32-unknown-unknown --package gatehouse-example-page
	cd examples/frontend && cargo build --release --target wasm32-wasip2 --package gatehouse-example-server

openapi: ## Write the API's description in docs/ anew, from the code
	UPDATE_OPENAPI=1 cargo test --profile native --package gatehouse description

test: build ## Run all tests; SPIN=1 runs those over HTTP against spin instead of the host
# One by one: together they would need the engine once more, with other features.
	cargo test --profile native --package gatehouse
	cargo test --profile native --package gatehouse-host
	cargo test --profile native --package gatehouse-api-tests

test-browser: build frontend ## Run the tests in a real browser; pictures of the pages stay in target/
	@scripts/browser.sh

fuzz: build ## Send every route what a fuzzer makes of the API's description, for a minute
	@scripts/fuzz.sh

bench: build ## Measure the service against what bounds it, in fifteen minutes; QUICK=1 for a glance
# One by one, as the tests.
	cargo build --release --target wasm32-wasip2 --package gatehouse-empty
	cargo build --release --target wasm32-wasip2 --package gatehouse-hash
	cargo build --profile native --package gatehouse-bench
	@wrk=$$(scripts/wrk.sh) && WRK=$$wrk target/native/gatehouse-bench

soak: build ## Run every race 1,000 times, attack by the thousand, kill the host 500 times, and fuzz
	SOAK_ROUNDS=1000 cargo test --profile native --package gatehouse-api-tests soak -- --ignored --nocapture
	@FUZZ_SECONDS=600 FUZZ_SEED=random FUZZ_WORKERS=4 scripts/fuzz.sh

lint: frontend ## Check the format, and let clippy read everything
	cargo fmt --all --check
	cd examples/frontend && cargo fmt --all --check
	cargo clippy --release --target wasm32-wasip2 --package gatehouse -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-empty -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-hash -- --deny warnings
	cargo clippy --profile native --workspace --all-targets -- --deny warnings
	cd examples/frontend && cargo clippy --release --target wasm32-unknown-unknown --package gatehouse-example-page -- --deny warnings
	cd examples/frontend && cargo clippy --release --target wasm32-wasip2 --package gatehouse-example-server -- --deny warnings
