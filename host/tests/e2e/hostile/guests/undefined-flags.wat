;; H19: sets flags that there are not; they count as not set.
;; extensions: test:hostile/forms@0.1.0
;; expect: fine
(import "test:hostile/forms@0.1.0" "mark" (func $mark (param i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $mark (i32.const 0xff) (i32.const 0x800))
  (global.get $fine))
