;; H19: logs at a level that there is not.
;; imports: stoa:log/log@0.1.0
;; expect: plugin-trap
(import "stoa:log/log@0.1.0" "write" (func $log (param i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $log (i32.const 99) (i32.const 0x900) (i32.const 1))
  (global.get $fine))
