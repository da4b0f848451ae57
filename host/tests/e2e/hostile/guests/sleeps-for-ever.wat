;; H10: waits for a time that never comes, in the host.
;; imports: wasi:clocks/monotonic-clock@0.2.3 wasi:io/poll@0.2.3
;; expect: plugin-timeout
(import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-duration" (func $subscribe (param i64) (result i32)))
(import "wasi:io/poll@0.2.3" "[method]pollable.block" (func $block (param i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $block (call $subscribe (i64.const 0x7fffffffffffffff)))
  (global.get $fine))
