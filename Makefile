# SPDX-License-Identifier: GPL-2.0-only
# The entry: every target is one line of `make help`, taken from the comment beside it.

FLAVOUR ?= azure
ARCH ?= x86_64

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo 'FLAVOUR= and ARCH= (x86_64, aarch64) choose what rpm builds; default $(FLAVOUR), $(ARCH).'

azk: ## out/azk, the patch queue and configuration tool
	@scripts/deps build
	$(MAKE) -C scripts/azk O=$(CURDIR)/out

rpm: ## kernel RPMs from the pinned source: out/rpms, out/srpms, out/build-FLAVOUR-ARCH.log
	@scripts/build --flavour $(FLAVOUR) --arch $(ARCH)

repo: ## out/repo: signed copies of out/rpms with dnf metadata; RPM_KEY= names the key, else one is made
	@scripts/repo

kernel: FLAVOUR = azure-min
kernel: ## the edit loop: the image of FLAVOUR=azure-min built in place, again only what changed
	@scripts/kernel --flavour $(FLAVOUR) --arch $(ARCH)

tree: azk ## out/tree: base, overlay and patches, to look at or edit
	scripts/tree out/tree

render: tree ## configs/rendered anew, after a change to fragments, flavours or patches
	out/azk config render --tree out/tree

hv-host: azk ## out/hv-host/qemu-system-x86_64, the Hyper-V host guests are tested on; see selftests/hv-host
	@scripts/hv-host

packages: ## the packages as one table: files, size, libraries, signers, lint; what others offer beside
	@scripts/deps packages
	scripts/package-table

compare: ## our kernel beside the archive's cloud kernel: size, steps, boot time, memory
	@scripts/deps guest
	scripts/compare --rpms out/rpms

reproduce: ## three builds compared: same bytes with the same keys, same but for keys with others
	@scripts/reproduce --flavour $(FLAVOUR) --arch $(ARCH)

rebase: azk ## patches/ carried to the upstream release TO=, with a report; again after resolving conflicts
	@scripts/rebase $(TO)

check: ## seconds to 3 minutes: azk with sanitizers, lint, rendered configuration, script tests
	@scripts/test check

test: ## check, then the RPMs, their installation and boots, the arm64 KUnit image
	@scripts/test all

campaign: ## the longer runs; PART= one of those `make campaign PART=list` names
	@scripts/campaign $(PART)

clean: ## remove out/ but for the packages
	find out -mindepth 1 -maxdepth 1 ! -name rpms ! -name srpms -exec rm -rf {} +

.PHONY: help azk rpm tree render compare reproduce rebase check test campaign clean repo kernel packages hv-host
