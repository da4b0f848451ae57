;; H06: grows its memory until it gets no more, and answers.
;; expect: fine
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (loop $again
    (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (global.get $fine))
