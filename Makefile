# Every target does its own set-up: a clone, a Rust toolchain and the package registries are enough.

.DEFAULT_GOAL := help
.PHONY: help up build component host openapi test test-browser soak lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## Build, and serve on http://127.0.0.1:3000 until Ctrl-C
	@scripts/up.sh

build: component host ## Build the component and the host for development

component:
	@scripts/wasm-target.sh
	cargo build --release --target wasm32-wasip2 --package gatehouse

host:
	cargo build --profile native --package gatehouse-host

openapi: ## Write the API's description in docs/ anew, from the code
	UPDATE_OPENAPI=1 cargo test --profile native --package gatehouse description

test: build ## Run all tests; SPIN=1 runs those over HTTP against spin instead of the host
# One by one: together they would need the engine once more, with other features.
	cargo test --profile native --package gatehouse
	cargo test --profile native --package gatehouse-host
	cargo test --profile native --package gatehouse-api-tests

test-browser: build ## Run the tests in a real browser; pictures of the pages stay in target/
	@scripts/browser.sh

soak: build ## Run every race 1,000 times and kill the host 500 times under load
	SOAK_ROUNDS=1000 cargo test --profile native --package gatehouse-api-tests soak -- --ignored --nocapture

lint: ## Check the format, and let clippy read everything
	@scripts/wasm-target.sh
	cargo fmt --all --check
	cargo clippy --release --target wasm32-wasip2 --package gatehouse -- --deny warnings
	cargo clippy --profile native --workspace --all-targets -- --deny warnings
