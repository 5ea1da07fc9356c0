"""The journey of a document: parse > chunk > embed > index; and of a question: rewrite > retrieve > fuse > cite."""
