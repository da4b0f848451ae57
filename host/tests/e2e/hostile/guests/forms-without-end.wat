;; H14: hands over ten million records whose fields have long names.
;; extensions: test:hostile/forms@0.1.0
;; expect: plugin-limit
(import "test:hostile/forms@0.1.0" "fill" (func $fill (param i32 i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (drop (memory.grow (i32.const 200)))
  (call $fill (i32.const 0x1000) (i32.const 10000000) (i32.const 0x800))
  (global.get $fine))
