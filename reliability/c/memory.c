/* An allocator for SQLite that fails when it is told to. */
#include <stdatomic.h>

#include <sqlite3.h>

static sqlite3_mem_methods real;
/* How many allocations until one fails; 0 is never. */
static atomic_long until;
static atomic_int lasting;
static atomic_long failures;
static atomic_long outstanding;

static int fails(void) {
  if (atomic_load(&until) == 0 || atomic_fetch_sub(&until, 1) > 1) return 0;
  /* This one fails. One failure for good is where the count stays at 1. */
  atomic_store(&until, atomic_load(&lasting) ? 1 : 0);
  atomic_fetch_add(&failures, 1);
  return 1;
}

static void *allocate(int size) {
  void *memory = fails() ? 0 : real.xMalloc(size);
  if (memory) atomic_fetch_add(&outstanding, 1);
  return memory;
}

static void release(void *memory) {
  if (memory) atomic_fetch_sub(&outstanding, 1);
  real.xFree(memory);
}

static void *resize(void *memory, int size) { return fails() ? 0 : real.xRealloc(memory, size); }

/* Before SQLite is used at all. */
int reliability_memory_install(void) {
  sqlite3_mem_methods methods;
  int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  if (rc != SQLITE_OK) return rc;
  methods = real;
  methods.xMalloc = allocate;
  methods.xFree = release;
  methods.xRealloc = resize;
  rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  if (rc != SQLITE_OK) return rc;
  /* Every allocation is to come here, not to a connection's own stock of memory. */
  return sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
}

void reliability_memory_fail(long nth, int for_good) {
  atomic_store(&failures, 0);
  atomic_store(&lasting, for_good);
  atomic_store(&until, nth);
}

/* No failures from here on. Gives how many there were. */
long reliability_memory_stop(void) {
  atomic_store(&until, 0);
  return atomic_load(&failures);
}

long reliability_memory_outstanding(void) { return atomic_load(&outstanding); }
