//! Which bytes a command reads: the worktree, the Git index, a revision, standard input.
