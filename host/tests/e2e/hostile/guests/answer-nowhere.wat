;; H17: says that its answer is where it has no memory.
;; expect: plugin-trap
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (i32.const 0x7ffffff0))
