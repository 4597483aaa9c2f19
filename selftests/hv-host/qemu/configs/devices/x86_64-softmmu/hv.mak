# A PC with nothing but what the Hyper-V host's guests and their control need.

CONFIG_Q35=y
CONFIG_SERIAL_ISA=y
CONFIG_HPET=y
CONFIG_ISA_DEBUG=y

# Control: random numbers, a disk to start from, a nested guest's devices
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_BLK=y

# Hyper-V: the CPU side and VMBus itself
CONFIG_HYPERV=y
CONFIG_TEST_DEVICES=y
CONFIG_HYPERV_TESTDEV=y
CONFIG_VMBUS=y
CONFIG_HV_BALLOON=y

# Hyper-V: integration services and keyboard
#
CONFIG_HV_UTIL=y
CONFIG_HV_KBD=y
#

# Hyper-V: network
CONFIG_HV_NET=y
#
#

# Hyper-V: disks
CONFIG_HV_SCSI=y
#
#
