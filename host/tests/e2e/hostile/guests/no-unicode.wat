;; H17: hands over bytes that are no UTF-8.
;; imports: stoa:log/log@0.1.0
;; expect: plugin-trap
(import "stoa:log/log@0.1.0" "write" (func $log (param i32 i32 i32)))
(data (i32.const 0x900) "\ff\fe\c0\80")
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $log (i32.const 2) (i32.const 0x900) (i32.const 4))
  (global.get $fine))
