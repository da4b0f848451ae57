;; H19: answers neither a response nor a problem.
;; expect: plugin-trap
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (i32.store8 (i32.const 0x800) (i32.const 7))
  (i32.const 0x800))
