;; H26: wants to ask for addresses.
;; imports: wasi:sockets/ip-name-lookup@0.2.3
;; expect: refused wasi:sockets/ip-name-lookup@0.2.3
(import "wasi:sockets/ip-name-lookup@0.2.3" "resolve" (func $resolve (result i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (call $resolve))
  (global.get $fine))
