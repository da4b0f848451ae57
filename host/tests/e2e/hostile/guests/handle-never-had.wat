;; H23: gives a handle back that it never had.
;; imports: wasi:clocks/monotonic-clock@0.2.3 wasi:io/poll@0.2.3
;; expect: plugin-trap
(import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-duration" (func $subscribe (param i64) (result i32)))
(import "wasi:io/poll@0.2.3" "[resource-drop]pollable" (func $drop (param i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $drop (i32.const 77))
  (global.get $fine))
