;; H24: asks for 2^64 - 1 random bytes.
;; imports: wasi:random/random@0.2.3
;; expect: plugin-limit
(import "wasi:random/random@0.2.3" "get-random-bytes" (func $random (param i64 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $random (i64.const -1) (i32.const 0x800))
  (global.get $fine))
