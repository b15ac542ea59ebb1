package exectest

import "syscall"

const sysShmget = syscall.SYS_SHMGET
