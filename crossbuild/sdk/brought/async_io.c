/* In place of libgfortran's async.o, which is not fit for a shared object (it reaches its
   thread_unit as only a program may): units have no thread of their own, and asynchronous
   input and output is done at once, as libgfortran itself does without threads. */

#include <features.h>
#include <stddef.h>

__thread void *thread_unit;

void _gfortrani_init_async_unit(void *unit) {}
void _gfortrani_async_close(void *unit) {}
void _gfortrani_enqueue_close(void *unit) {}
void _gfortrani_enqueue_data_transfer_init(void *unit, void *transfer, int reads) {}
void _gfortrani_enqueue_done(void *unit, int kind) {}
void _gfortrani_enqueue_transfer(void *unit, void *arguments, int kind) {}
int _gfortrani_enqueue_done_id(void *unit, int kind) { return 0; }
int _gfortrani_async_wait(void *common, void *unit) { return 0; }
int _gfortrani_async_wait_id(void *common, void *unit, int id) { return 0; }
int _gfortrani_collect_async_errors(void *common, void *unit) { return 0; }

#if !__GLIBC_PREREQ(2, 28)
/* What fcntl is called in programs with large files from glibc 2.28 on. */
extern int fcntl(int file, int command, ...);
__attribute__((visibility("hidden"))) int fcntl64(int file, int command, void *argument)
{
    return fcntl(file, command, argument);
}
#endif
