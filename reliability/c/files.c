/* A file layer (VFS) over the system's, "faulty", whose operations fail when it is told so. */
#include <string.h>

#include <sqlite3.h>

enum { OPS_WRITE = 1, OPS_READ = 2 };
enum { KIND_ERROR = 0, KIND_FULL = 1, KIND_TORN = 2 };

/* One harness uses this at a time, from one thread. */
static long until;
static int operations;
static int kind;
static int lasting;
static long failures;

typedef struct Faulty {
  sqlite3_file base;
  sqlite3_file *real;
} Faulty;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs vfs;

static int fails(int operation) {
  if (until == 0 || !(operations & operation)) return 0;
  if (until > 1) {
    until--;
    return 0;
  }
  if (!lasting) until = 0;
  failures++;
  return 1;
}

static sqlite3_file *real_of(sqlite3_file *file) { return ((Faulty *)file)->real; }

static int file_close(sqlite3_file *file) { return real_of(file)->pMethods->xClose(real_of(file)); }

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 offset) {
  if (fails(OPS_READ)) return SQLITE_IOERR_READ;
  return real_of(file)->pMethods->xRead(real_of(file), into, size, offset);
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset) {
  if (fails(OPS_WRITE)) {
    if (kind == KIND_FULL) return SQLITE_FULL;
    if (kind == KIND_TORN && failures == 1 && size > 1) {
      real_of(file)->pMethods->xWrite(real_of(file), from, size / 2, offset);
    }
    return SQLITE_IOERR_WRITE;
  }
  return real_of(file)->pMethods->xWrite(real_of(file), from, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  if (fails(OPS_WRITE)) return SQLITE_IOERR_TRUNCATE;
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
  if (fails(OPS_WRITE)) return SQLITE_IOERR_FSYNC;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  if (fails(OPS_READ)) return SQLITE_IOERR_FSTAT;
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }

static int file_unlock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }

static int file_check(sqlite3_file *file, int *out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int op, void *argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int file_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }

static int file_device(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }

static int file_shm_unmap(sqlite3_file *file, int delete) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

/* Version 2: with shared memory for WAL, without mapped files. */
static const sqlite3_io_methods methods = {
    2,           file_close,   file_read,    file_write,   file_truncate,   file_sync,
    file_size,   file_lock,    file_unlock,  file_check,   file_control,    file_sector,
    file_device, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, 0,
    0,
};

static int vfs_open(sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *file, int flags, int *out) {
  Faulty *faulty = (Faulty *)file;
  int rc;
  (void)self;
  memset(faulty, 0, sizeof *faulty);
  faulty->real = (sqlite3_file *)(faulty + 1);
  if (fails(OPS_READ)) return SQLITE_CANTOPEN;
  rc = system_vfs->xOpen(system_vfs, name, faulty->real, flags, out);
  if (faulty->real->pMethods) faulty->base.pMethods = &methods;
  return rc;
}

static int vfs_delete(sqlite3_vfs *self, const char *name, int sync) {
  (void)self;
  if (fails(OPS_WRITE)) return SQLITE_IOERR_DELETE;
  return system_vfs->xDelete(system_vfs, name, sync);
}

int reliability_files_install(void) {
  if (system_vfs) return SQLITE_OK;
  system_vfs = sqlite3_vfs_find(0);
  if (!system_vfs) return SQLITE_ERROR;
  vfs = *system_vfs;
  vfs.zName = "faulty";
  vfs.pNext = 0;
  vfs.szOsFile = (int)sizeof(Faulty) + system_vfs->szOsFile;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  return sqlite3_vfs_register(&vfs, 0);
}

void reliability_files_fail(long nth, int which, int how, int for_good) {
  failures = 0;
  operations = which;
  kind = how;
  lasting = for_good;
  until = nth;
}

/* No failures from here on. Gives how many there were. */
long reliability_files_stop(void) {
  until = 0;
  return failures;
}
