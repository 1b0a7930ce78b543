/*
 * A libvulkan.so.1 between Deno and the real loader, for Mesa's RADV without hardware (RADV_FORCE_FAMILY). The
 * driver compiles shaders as ever but has neither memory nor queues: memory, fences and semaphores are made
 * up, commands and submits do nothing, waits succeed. LOADER is the real loader's path.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void (*function)(void);
typedef function (*lookup)(void *, const char *);

static lookup ofInstance, ofDevice;

static int32_t success(void) { return 0; }
static void nothing(void) {}

/* Fences, semaphores and memory: handles that nobody looks into. */
static uint64_t lastHandle = 4096;
static int32_t create(void *device, const void *info, const void *allocator, uint64_t *handle) {
  *handle = lastHandle += 16;
  return 0;
}

static int32_t map(void *device, uint64_t memory, uint64_t offset, uint64_t size, uint32_t flags, void **at) {
  *at = calloc(1, size == UINT64_MAX ? 1 << 26 : size);
  return 0;
}

struct link { uint32_t type; const struct link *next; };
enum { TIMELINE_SUBMIT = 1000207003, MEMORY_BUDGET = 1000237000 };

/* Timeline semaphores have the largest value that a submit would have signalled. */
struct submit { struct link link; uint32_t waits; const void *a, *b; uint32_t commands; const void *c; uint32_t signals; const void *d; };
struct timeline { struct link link; uint32_t waits; const uint64_t *wait; uint32_t signals; const uint64_t *signal; };
static uint64_t signalled;
static int32_t submit(void *queue, uint32_t count, const struct submit *submits, uint64_t fence) {
  for (uint32_t i = 0; i < count; i++)
    for (const struct link *link = submits[i].link.next; link; link = link->next) {
      if (link->type != TIMELINE_SUBMIT) continue;
      const struct timeline *timeline = (const void *)link;
      for (uint32_t j = 0; j < timeline->signals; j++)
        if (timeline->signal[j] > signalled) signalled = timeline->signal[j];
    }
  return 0;
}
static int32_t counter(void *device, uint64_t semaphore, uint64_t *value) {
  *value = signalled;
  return 0;
}

/* One heap of 8 GiB that everything fits into. */
struct memory { uint32_t types; struct { uint32_t flags, heap; } type[32]; uint32_t heaps; struct { uint64_t size; uint32_t flags, unused; } heap[16]; };
struct memory2 { struct link link; struct memory memory; };
struct budget { struct link link; uint64_t budget[16], usage[16]; };
static const uint64_t HEAP = 1ull << 33;
static void memoryOf(void *device, struct memory *memory) {
  memset(memory, 0, sizeof *memory);
  memory->types = memory->heaps = 1;
  memory->type[0].flags = 7; /* on the device, visible and coherent */
  memory->heap[0].size = HEAP;
  memory->heap[0].flags = 1;
}
static void memory2Of(void *device, struct memory2 *memory) {
  memoryOf(device, &memory->memory);
  for (const struct link *link = memory->link.next; link; link = link->next)
    if (link->type == MEMORY_BUDGET) ((struct budget *)link)->budget[0] = HEAP;
}
struct needs { uint64_t size, alignment; uint32_t types; };
struct needs2 { struct link link; struct needs needs; };
static void (*realNeeds)(void *, uint64_t, struct needs *);
static void (*realNeeds2)(void *, const void *, struct needs2 *);
static void needsOf(void *device, uint64_t buffer, struct needs *needs) {
  realNeeds(device, buffer, needs);
  needs->types = 1;
}
static void needs2Of(void *device, const void *info, struct needs2 *needs) {
  realNeeds2(device, info, needs);
  needs->needs.types = 1;
}

static int begins(const char *name, const char *with) { return strncmp(name, with, strlen(with)) == 0; }

static function replaced(const char *name, function real) {
  static const char *const succeed[] = {
    "vkWaitForFences", "vkGetFenceStatus", "vkResetFences", "vkQueueWaitIdle", "vkDeviceWaitIdle",
    "vkWaitSemaphores", "vkSignalSemaphore", "vkBeginCommandBuffer", "vkEndCommandBuffer",
    "vkBindBufferMemory", "vkFlushMappedMemoryRanges", "vkInvalidateMappedMemoryRanges",
  };
  static const char *const ignored[] = {
    "vkCmd", "vkUpdateDescriptorSet", "vkFreeMemory", "vkUnmapMemory", "vkDestroySemaphore", "vkDestroyFence",
  };
  if (real == NULL) return NULL;
  for (size_t i = 0; i < sizeof succeed / sizeof *succeed; i++)
    if (begins(name, succeed[i])) return (function)success;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    if (begins(name, ignored[i])) return nothing;
  if (!strcmp(name, "vkCreateSemaphore") || !strcmp(name, "vkCreateFence") || !strcmp(name, "vkAllocateMemory")) return (function)create;
  if (!strcmp(name, "vkMapMemory")) return (function)map;
  if (!strcmp(name, "vkQueueSubmit")) return (function)submit;
  if (begins(name, "vkGetSemaphoreCounterValue")) return (function)counter;
  if (begins(name, "vkGetPhysicalDeviceMemoryProperties2")) return (function)memory2Of;
  if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties")) return (function)memoryOf;
  if (begins(name, "vkGetBufferMemoryRequirements2")) { realNeeds2 = (void *)real; return (function)needs2Of; }
  if (!strcmp(name, "vkGetBufferMemoryRequirements")) { realNeeds = (void *)real; return (function)needsOf; }
  return real;
}

static function deviceFunction(void *device, const char *name) { return replaced(name, ofDevice(device, name)); }

function vkGetInstanceProcAddr(void *instance, const char *name) {
  if (ofInstance == NULL) ofInstance = (lookup)dlsym(dlopen(LOADER, RTLD_NOW | RTLD_LOCAL), "vkGetInstanceProcAddr");
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (function)vkGetInstanceProcAddr;
  function real = ofInstance(instance, name);
  if (strcmp(name, "vkGetDeviceProcAddr") != 0 || real == NULL) return replaced(name, real);
  ofDevice = (lookup)real;
  return (function)deviceFunction;
}
