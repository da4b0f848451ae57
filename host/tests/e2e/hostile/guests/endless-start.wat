;; H02: the module's start function never ends.
;; expect: refused timeout
(func $start (loop $again (br $again)))
(start $start)
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))
