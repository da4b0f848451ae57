;; H19: hands over half of a surrogate pair as a character.
;; extensions: test:hostile/forms@0.1.0
;; expect: plugin-trap
(import "test:hostile/forms@0.1.0" "spell" (func $spell (param i32 i32)))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $spell (i32.const 0xd800) (i32.const 0x800))
  (global.get $fine))
