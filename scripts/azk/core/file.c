// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole-file reads, all-or-nothing writes, and names that stay in a tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "azk.h"

int azk_read_file_at(int dirfd, const char *path, struct strbuf *sb)
{
	struct stat st;
	int fd, rc = 0;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		rc = -errno;
		goto out_close;
	}
	if (S_ISDIR(st.st_mode)) {
		rc = -EISDIR;
		goto out_close;
	}
	sb->buf = vec_grow_(sb->buf, sb->len + (size_t)st.st_size + 2, &sb->cap, 1);
	for (;;) {
		ssize_t n;

		if (sb->cap - sb->len < 2)
			sb->buf = vec_grow_(sb->buf, sb->cap + 65536, &sb->cap, 1);
		n = read(fd, sb->buf + sb->len, sb->cap - sb->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = -errno;
		if (n <= 0)
			break;
		sb->len += n;
	}
	sb->buf[sb->len] = '\0';
out_close:
	close(fd);
	return rc;
}

int azk_read_file(const char *path, struct strbuf *sb)
{
	return azk_read_file_at(AT_FDCWD, path, sb);
}

int azk_write_fd(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

int azk_fsync_dir_at(int dirfd, const char *path)
{
	int fd, rc = 0;

	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int azk_write_new_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		     bool replace, bool sync)
{
	int fd, rc;

	fd = openat(dirfd, path, O_WRONLY | O_CREAT | (replace ? O_TRUNC : O_EXCL) | O_CLOEXEC |
		    O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	rc = azk_write_fd(fd, data, len);
	if (!rc && fchmod(fd, mode) < 0)
		rc = -errno;
	if (!rc && sync && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && !rc)
		rc = -errno;
	return rc;
}

int azk_write_file_at(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		      bool sync)
{
	static atomic_uint counter;
	_cleanup_free_ char *dir = path_dirname(path);
	_cleanup_free_ char *tmp = NULL;
	int rc;

	tmp = xasprintf("%s/.azk-tmp.%ld.%u", dir, (long)getpid(), atomic_fetch_add(&counter, 1));
	rc = azk_write_new_at(dirfd, tmp, data, len, mode, false, sync);
	if (rc == -EEXIST)
		return rc;
	if (!rc)
		AZK_FAILPOINT();
	if (!rc && renameat(dirfd, tmp, dirfd, path) < 0)
		rc = -errno;
	if (rc) {
		unlinkat(dirfd, tmp, 0);
		return rc;
	}
	return sync ? azk_fsync_dir_at(dirfd, dir) : 0;
}

int azk_write_file(const char *path, const void *data, size_t len, mode_t mode)
{
	return azk_write_file_at(AT_FDCWD, path, data, len, mode, true);
}

int azk_mkdir_p_at(int dirfd, const char *path, mode_t mode)
{
	_cleanup_free_ char *p = xstrdup(path);
	struct stat st;

	for (char *s = p; *s; s++) {
		if (*s != '/' || s == p)
			continue;
		*s = '\0';
		if (mkdirat(dirfd, p, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	if (mkdirat(dirfd, p, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (fstatat(dirfd, p, &st, 0) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int azk_mkdir_p(const char *path, mode_t mode)
{
	return azk_mkdir_p_at(AT_FDCWD, path, mode);
}

static int remove_tree_at(int dirfd, const char *name)
{
	struct dirent *de;
	DIR *d;
	int fd, rc = 0;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d) {
		rc = -errno;
		close(fd);
		return rc;
	}
	while (!rc && (de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		rc = remove_tree_at(fd, de->d_name);
	}
	closedir(d);
	if (!rc && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		rc = -errno;
	return rc;
}

int azk_remove_tree(const char *path)
{
	return remove_tree_at(AT_FDCWD, path);
}

bool azk_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool azk_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *path_join(const char *a, const char *b)
{
	if (*b == '/' || !*a || !strcmp(a, "."))
		return xstrdup(b);
	return xasprintf(str_ends(a, "/") ? "%s%s" : "%s/%s", a, b);
}

char *path_dirname(const char *path)
{
	const char *s = strrchr(path, '/');

	if (!s)
		return xstrdup(".");
	return s == path ? xstrdup("/") : xstrndup(path, s - path);
}

const char *path_basename(const char *path)
{
	const char *s = strrchr(path, '/');

	return s ? s + 1 : path;
}

const char *path_unsafe_why(const char *name)
{
	const char *s = name;

	if (!*name)
		return "is empty";
	if (*name == '/')
		return "is absolute";
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "contains a control character";
	}
	for (;;) {
		size_t n = strcspn(s, "/");

		if (n == 0)
			return "has an empty component";
		if (n == 1 && s[0] == '.')
			return "contains '.' as a component";
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return "contains '..'";
		if (!s[n])
			return NULL;
		s += n + 1;
	}
}

static int open_parent_by_step(int dirfd, const char *rel, const char **base)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *s = rel;

	if (fd < 0)
		return -errno;
	for (;;) {
		size_t n = strcspn(s, "/");
		char name[256];
		struct stat st;
		int next;

		if (!s[n]) {
			*base = s;
			return fd;
		}
		if (n >= sizeof(name)) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, s, n);
		name[n] = '\0';
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			int rc = -errno;

			/* Linux says ENOTDIR for a symlink with O_DIRECTORY */
			if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISLNK(st.st_mode))
				rc = -ELOOP;
			close(fd);
			return rc;
		}
		close(fd);
		fd = next;
		s += n + 1;
	}
}

/* One call where the kernel has openat2() (5.6) and a sandbox lets it through. */
static int open_beneath(int dirfd, const char *rel, size_t n)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	char name[PATH_MAX];
	long fd;

	if (n >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, rel, n);
	name[n] = '\0';
	fd = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int azk_open_parent_at(int dirfd, const char *rel, const char **base)
{
	const char *slash = strrchr(rel, '/');
	int fd = slash ? open_beneath(dirfd, rel, (size_t)(slash - rel)) : -ENOSYS;

	if (fd >= 0) {
		*base = slash + 1;
		return fd;
	}
	return fd == -ENOSYS || fd == -EPERM || fd == -ENOTDIR || fd == -EAGAIN ?
		open_parent_by_step(dirfd, rel, base) : fd;
}
int azk_list_dir(const char *path, struct strlist *out)
{
	DIR *d = opendir(path);
	struct dirent *de;

	if (!d)
		return -errno;
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			strlist_add(out, de->d_name);
	}
	closedir(d);
	strlist_sort(out);
	return 0;
}
