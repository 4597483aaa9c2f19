/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of which each instruction is known, for the instruction counter's
 * own test. Entry by PVH (32-bit protected mode), to long mode with the first
 * GiB mapped to itself. The functions stand at fixed addresses, which the text
 * at "symbols" gives the counter in the form of /proc/kallsyms. The figures in
 * the comments are those of one call; "expected" has the sums.
 */
#include "../mark.h"

#define ROUNDS	1000

	.macro	marked what, text=0, number=0
	movl	$\what, %edi
	movl	$\text, %esi
	movl	$\number, %edx
	.byte	MARK_BYTES
	.endm

	.section .note.pvh, "a", @note
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	cld
	movl	$stack_end, %esp
	movl	$pdpt + 3, pml4
	movl	$directory + 3, pdpt
	movl	$0x83, %eax
	movl	$512, %ecx
	movl	$directory, %edi
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
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
	ljmp	$0x08, $long_mode

	.code64
long_mode:
	movl	$0x10, %eax
	movl	%eax, %ss
	movl	$stack_end, %esp
	/* vector 0x80: asm_sysvec_test */
	movl	$asm_sysvec_test, %eax
	movw	%ax, idt + 0x800
	shrl	$16, %eax
	movw	%ax, idt + 0x806
	movw	$0x08, idt + 0x802
	movw	$0x8e00, idt + 0x804
	lidt	idt_pointer
	/* a guest OS ID: without it hypercalls are no instruction */
	movl	$0x40000000, %ecx
	movl	$1, %eax
	xorl	%edx, %edx
	wrmsr

	marked	MARK_SYMBOLS, symbols, symbols_len
	jmp	1f			/* counted is from the next block on */
1:
	marked	MARK_BEGIN, name_plain, 5
	movl	$ROUNDS, %ebx
1:	call	plain
	decl	%ebx
	jnz	1b
	marked	MARK_END, 0, ROUNDS

	marked	MARK_BEGIN, name_locks, 5
	movl	$ROUNDS, %ebx
1:	call	locks
	decl	%ebx
	jnz	1b
	marked	MARK_END, 0, ROUNDS

	marked	MARK_BEGIN, name_stores, 6
	movl	$ROUNDS, %ebx
1:	call	stores
	decl	%ebx
	jnz	1b
	marked	MARK_END, 0, ROUNDS

	marked	MARK_BEGIN, name_events, 6
	call	events
	call	events
	marked	MARK_END, 0, 2

	/* the same name again: added up */
	marked	MARK_BEGIN, name_idle, 4
	call	do_idle
	marked	MARK_END, 0, 1
	marked	MARK_BEGIN, name_idle, 4
	call	do_idle
	marked	MARK_END, 0, 1

	marked	MARK_BEGIN, name_direct, 6
	call	driver_receive
	call	memcpy			/* not called by the driver */
	marked	MARK_END, 0, 1

	movl	$0xf4, %edx		/* isa-debug-exit: status 1 */
	xorl	%eax, %eax
	outl	%eax, %dx
1:	hlt
	jmp	1b

	.org	0x10000
plain:					/* 3 + 3 * 10 + 1 instructions */
	xorl	%eax, %eax
	movl	$10, %ecx
	nop
1:	addl	$3, %eax
	decl	%ecx
	jnz	1b
	ret

	.org	0x11000
locks:					/* 11 instructions, 7 of them locked, 37 bytes */
	movl	$1, %eax
	lock incl words
	lock xaddl %eax, words
	lock cmpxchgq %rcx, words	/* stores in any case */
	xchgq	%rax, words
	xchgb	%al, words
	xchgl	%eax, -4(%rsp)
	lock addl $0, -4(%rsp)
	xchgl	%eax, %ecx		/* no memory */
	incl	words			/* no LOCK */
	ret

	.org	0x12000
stores:					/* 17 instructions */
	movb	$1, words
	movw	$1, words
	movl	$1, words
	movq	$1, words
	xorps	%xmm0, %xmm0
	movups	%xmm0, words
	pushq	%rbx
	popq	%rbx			/* stores to a register */
	movl	$words, %edi
	movl	$100, %ecx
	xorl	%eax, %eax
	rep stosb
	movl	$words, %esi
	movl	$words + 512, %edi
	movl	$10, %ecx
	rep movsq
	ret

	.org	0x13000
events:					/* 14 instructions */
	movl	$0xc0000102, %ecx
	rdmsr
	wrmsr
	wrmsr
	movl	$0x40000000, %ecx
	rdmsr
	wrmsr
	outb	%al, $0x80
	outb	%al, $0x80
	movl	$0x17777, %ecx		/* a hypercall there is not, fast */
	xorl	%edx, %edx
	xorl	%r8d, %r8d
	vmmcall
	ret

	.org	0x14000
	.globl	do_idle
do_idle:				/* 4 + 3 idle; 1 busy */
	nop
	nop
	nop
	int	$0x80
	nop
	nop
	call	schedule_idle
	ret

	.org	0x15000
schedule_idle:				/* 3 */
	nop
	nop
	ret

	.org	0x16000
asm_sysvec_test:			/* 4 in itself, 2 below it */
	nop
	nop
	call	handler
	iretq

	.org	0x17000
handler:
	nop
	ret

	.org	0x18000
driver_receive:				/* 4; module hv_netvsc */
	nop
	call	memcpy			/* direct: 3 + 2 */
	call	handler			/* not a callee */
	ret

	.org	0x19000
memcpy:
	nop
	call	copy_part
	ret

	.org	0x1a000
copy_part:				/* a LOCK and 4 bytes */
	lock incl words
	ret

	.org	0x1b000
	.section .rodata
symbols:
	.ascii	"0000000000110000 T plain\n0000000000111000 t locks\n0000000000112000 T stores\n"
	.ascii	"0000000000113000 T events\n0000000000114000 t do_idle\n0000000000115000 T schedule_idle\n"
	.ascii	"0000000000116000 T __entry_text_start\n0000000000116000 T asm_sysvec_test\n"
	.ascii	"0000000000117000 T __entry_text_end\n0000000000117000 t handler\n"
	.ascii	"0000000000118000 t driver_receive\t[hv_netvsc]\n0000000000119000 T memcpy\n"
	.ascii	"000000000011a000 t copy_part\n0000000000300000 D words\n"
	.set	symbols_len, . - symbols
name_plain:	.ascii "plain"
name_locks:	.ascii "locks"
name_stores:	.ascii "stores"
name_events:	.ascii "events"
name_idle:	.ascii "idle"
name_direct:	.ascii "direct"

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0x00209a0000000000	/* 0x08 64-bit code */
	.quad	0x00cf92000000ffff	/* 0x10 data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
	.balign	8
idt_pointer:
	.word	4095
	.quad	idt

	.bss
	.balign	4096
pml4:		.fill	4096
pdpt:		.fill	4096
directory:	.fill	4096
idt:		.fill	4096
words:		.fill	4096
		.fill	16384
stack_end:

	.section .note.GNU-stack, "", @progbits
