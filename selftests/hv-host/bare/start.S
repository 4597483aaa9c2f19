/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry by PVH (32-bit protected mode, paging off; Xen's PVH boot ABI), to
 * long mode with the first 4 GiB mapped to themselves. The second CPU comes
 * the same way by a start-up IPI to page 8.
 */
	.section .note.pvh, "a", @note
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	cld
	movl	$boot_stack_end, %esp
	/* PML4 -> PDPT -> four directories of 2 MiB pages */
	movl	$pdpt + 3, pml4
	movl	$directories + 3, %eax
	movl	$4, %ecx
	movl	$pdpt, %edi
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	loop	1b
	movl	$0x83, %eax
	movl	$2048, %ecx
	movl	$directories, %edi
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b
	call	long_mode
	ljmp	$0x08, $first_cpu

long_mode:
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax		/* EFER.LME */
	wrmsr
	lgdt	gdt_pointer
	movl	%cr0, %eax
	andl	$~4, %eax		/* no emulated FPU */
	orl	$0x80000003, %eax	/* PG, MP, PE */
	movl	%eax, %cr0
	ret

	.code64
first_cpu:
	call	segments
	movl	$boot_stack_end, %esp
	call	main
1:	hlt
	jmp	1b

second_cpu:
	call	segments
	movl	$second_stack_end, %esp
	call	second_main
1:	hlt
	jmp	1b

segments:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	lidt	idt_pointer
	ret

/* Copied to 0x8000 */
	.code16
	.globl	trampoline
trampoline:
	cli
	lgdtl	%cs:trampoline_gdt - trampoline
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$0x18, $protected
	.balign	8
trampoline_gdt:
	.word	gdt_end - gdt - 1
	.long	gdt
trampoline_end:

	.code32
protected:
	movl	$0x20, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$second_stack_end, %esp
	call	long_mode
	ljmp	$0x08, $second_cpu

	.code64
/* A stub for each vector, 16 bytes: those with an error code drop it. */
	.balign	16
	.globl	stubs
stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	(vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
	.byte	0x90
	.else
	pushq	%rax
	.endif
	pushq	$vector
	jmp	common
	.set	vector, vector + 1
	.endr

common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	movq	72(%rsp), %rdi		/* vector */
	leaq	88(%rsp), %rsi		/* interrupted rip */
	cld
	call	interrupted
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

/* u64 hypercall(u64 control, u64 in, u64 out): through the guest's page */
	.globl	hypercall
hypercall:
	movq	%rdi, %rcx
	movq	%rdx, %r8
	movq	%rsi, %rdx
	movl	$hypercall_page, %eax
	jmp	*%rax

/* the same with XMM0 to XMM5 loaded from the fourth argument */
	.globl	hypercall_xmm
hypercall_xmm:
	movups	(%rcx), %xmm0
	movups	16(%rcx), %xmm1
	movups	32(%rcx), %xmm2
	movups	48(%rcx), %xmm3
	movups	64(%rcx), %xmm4
	movups	80(%rcx), %xmm5
	jmp	hypercall

	.data
	.globl	trampoline_size
trampoline_size:
	.long	trampoline_end - trampoline
	.balign	8
gdt:
	.quad	0
	.quad	0x00209a0000000000	/* 0x08 64-bit code */
	.quad	0x00cf92000000ffff	/* 0x10 data */
	.quad	0x00cf9a000000ffff	/* 0x18 32-bit code */
	.quad	0x00cf92000000ffff	/* 0x20 data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
	.balign	8
	.globl	idt_pointer
idt_pointer:
	.word	4095
	.quad	idt

	.bss
	.balign	4096
	.globl	pml4, hypercall_page, idt
pml4:		.fill	4096
pdpt:		.fill	4096
	.globl	directories
directories:	.fill	4 * 4096
idt:		.fill	4096
hypercall_page:	.fill	4096
		.fill	16384
boot_stack_end:
		.fill	16384
second_stack_end:

	.section .note.GNU-stack, "", @progbits
