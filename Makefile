# Every target sets itself up: a clone, a Rust toolchain and access to the package registries suffice.

.DEFAULT_GOAL := help
.PHONY: help up example example-guarded build component component-wasi2 guard host test-components frontend guarded dist manifest openapi test test-dist test-browser fuzz bench soak lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## Build and serve on http://127.0.0.1:3000 until Ctrl-C
	@scripts/up.sh

example: frontend ## Like up, with a front end in WebAssembly at http://127.0.0.1:3000/app/
	@scripts/up.sh examples/frontend /app/

example-guarded: guarded ## Like up, with two applications behind the guard at http://127.0.0.1:3000/hello/
	@scripts/up.sh examples/guarded /hello/

build: component component-wasi2 guard host ## Build the components and the host for development

component:
	@scripts/wasm-target.sh
	cargo build --release --target wasm32-wasip2 --package gatehouse

component-wasi2:
	@scripts/wasm-target.sh
	cargo build --profile wasi2 --target wasm32-wasip2 --package gatehouse --no-default-features --features wasi2

guard:
	@scripts/wasm-target.sh
	cargo build --release --target wasm32-wasip2 --package gatehouse-guard
	cargo build --profile gateway --target wasm32-wasip2 --package gatehouse-guard --no-default-features --features wasi3
	cargo build --profile wasi2 --target wasm32-wasip2 --package gatehouse-guard --no-default-features --features wasi2

host:
	cargo build --profile native --package gatehouse-host

# One by one: a common build would unify features.
test-components:
	@scripts/wasm-target.sh
	cargo build --release --target wasm32-wasip2 --package gatehouse-test-app
	cargo build --release --target wasm32-wasip2 --package gatehouse-test-app-wasi2
	cargo build --release --target wasm32-wasip2 --package gatehouse-test-middleware
	cargo build --release --target wasm32-wasip2 --package gatehouse-echo
	cargo build --release --target wasm32-wasip2 --package gatehouse-echo-wasi2

# Built in its own folder, because it is a separate workspace.
frontend:
	@scripts/wasm-target.sh
	@scripts/wasm-target.sh wasm32-unknown-unknown
	cd examples/frontend && cargo build --release --target wasm32-unknown-unknown --package gatehouse-example-page
	cd examples/frontend && cargo build --release --target wasm32-wasip2 --package gatehouse-example-server

# The applications behind the guard. The one in Rust is a separate workspace, too.
guarded: guard
	cd examples/guarded/hello && cargo build --release --target wasm32-wasip2
	@scripts/python-component.sh

dist: component component-wasi2 guard ## Write components, manifests, SBOMs, checksums and a template to dist/
	@scripts/dist.sh

manifest: ## Regenerate spin.wasi2.toml from spin.toml
	UPDATE_MANIFEST=1 cargo test --profile native --package gatehouse manifest

openapi: ## Regenerate the OpenAPI description in docs/ from the code
	UPDATE_OPENAPI=1 cargo test --profile native --package gatehouse description

# Two threads for each core: the tests wait more than they compute.
API_TESTS = RUST_TEST_THREADS=$$((2 * $$(nproc))) cargo test --profile native --package gatehouse-api-tests

test: build test-components ## Run all tests; SPIN=1 runs the API tests against spin instead of the host
# One by one: a common build would unify features, and compile the engine again.
	cargo test --profile native --package gatehouse
	cargo test --profile native --package gatehouse-guard
	cargo test --profile native --package gatehouse-host
	$(API_TESTS)
	BUILD=wasi2 $(API_TESTS)
	DATABASE=libsql $(API_TESTS)
	DATABASE=libsql BUILD=wasi2 $(API_TESTS)

test-dist: dist host ## Check dist/: start both manifests, and add the template to applications
	cargo build --release --target wasm32-wasip2 --package gatehouse-echo
	cargo build --profile native --package gatehouse-spin-add
	@scripts/test-dist.sh

test-browser: build frontend guarded ## Run the tests in a real browser; screenshots are left in target/
	@scripts/browser.sh

fuzz: build ## Fuzz every route for a minute, based on the OpenAPI description
	@scripts/fuzz.sh

bench: build ## Benchmark the service for fifteen minutes; QUICK=1 for a smoke test
# One by one, like the tests.
	cargo build --release --target wasm32-wasip2 --package gatehouse-empty
	cargo build --release --target wasm32-wasip2 --package gatehouse-hash
	cargo build --release --target wasm32-wasip2 --package gatehouse-read
	cargo build --profile wasi2 --target wasm32-wasip2 --package gatehouse-wasi2-read
	cargo build --profile native --package gatehouse-bench
	@wrk=$$(scripts/wrk.sh) && WRK=$$wrk target/native/gatehouse-bench

soak: build ## Repeat every race and attack up to 1,000 times, kill the host 1,000 times, and fuzz
	SOAK_ROUNDS=1000 cargo test --profile native --package gatehouse-api-tests soak -- --ignored --nocapture
	@FUZZ_SECONDS=600 FUZZ_SEED=random FUZZ_WORKERS=4 scripts/fuzz.sh

lint: frontend ## Check the formatting, and run clippy on everything
	cargo fmt --all --check
	cd examples/frontend && cargo fmt --all --check
	cd examples/guarded/hello && cargo fmt --check
	cargo clippy --release --target wasm32-wasip2 --package gatehouse -- --deny warnings
	cargo clippy --profile wasi2 --target wasm32-wasip2 --package gatehouse --no-default-features --features wasi2 -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-guard -- --deny warnings
	cargo clippy --profile gateway --target wasm32-wasip2 --package gatehouse-guard --no-default-features --features wasi3 -- --deny warnings
	cargo clippy --profile wasi2 --target wasm32-wasip2 --package gatehouse-guard --no-default-features --features wasi2 -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-echo -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-echo-wasi2 -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-empty -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-hash -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-read -- --deny warnings
	cargo clippy --profile wasi2 --target wasm32-wasip2 --package gatehouse-wasi2-read -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-test-app -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-test-app-wasi2 -- --deny warnings
	cargo clippy --release --target wasm32-wasip2 --package gatehouse-test-middleware -- --deny warnings
	cargo clippy --profile native --workspace --all-targets -- --deny warnings
	cd examples/frontend && cargo clippy --release --target wasm32-unknown-unknown --package gatehouse-example-page -- --deny warnings
	cd examples/frontend && cargo clippy --release --target wasm32-wasip2 --package gatehouse-example-server -- --deny warnings
	cd examples/guarded/hello && cargo clippy --release --target wasm32-wasip2 -- --deny warnings
