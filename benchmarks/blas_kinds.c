/* What numpy and scipy ask of BLAS and LAPACK, each between two calls of getsid (see count.c): a scalar
   product, a matrix by a vector, a matrix by a matrix, a system of equations, eigenvalues.  What is done
   once before sets the library up, and is not counted. */
#include <string.h>
#include <unistd.h>

enum { N = 256 };

double ddot_(const int *, const double *, const int *, const double *, const int *);
void dgemv_(const char *, const int *, const int *, const double *, const double *, const int *,
            const double *, const int *, const double *, double *, const int *);
void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *,
            const double *, const int *, const double *, const int *, const double *, double *,
            const int *);
void dgesv_(const int *, const int *, double *, const int *, int *, double *, const int *, int *);
void dsyev_(const char *, const char *, const int *, double *, const int *, double *, double *,
            const int *, int *);

static double a[N * N], b[N * N], c[N * N], work[64 * N], values[N];
static int pivots[N];
static volatile double kept;

int main(void)
{
    const int n = N, all = N * N, one = 1, room = 64 * N;
    const double unit = 1, nothing = 0;
    int info;
    for (int i = 0; i < N * N; i++)
        a[i] = (i * 7919 % 1009) / 1009.0 + (i % (N + 1) == 0 ? N : 0);
    for (int which = 0; which < 5; which++)
        for (int counted = 0; counted < 2; counted++) {
            memcpy(b, a, sizeof b);
            memcpy(c, a, sizeof c);
            if (counted)
                getsid(0);
            switch (which) {
            case 0: kept = ddot_(&all, b, &one, c, &one); break;
            case 1: dgemv_("N", &n, &n, &unit, b, &n, c, &one, &nothing, values, &one); break;
            case 2: dgemm_("N", "N", &n, &n, &n, &unit, a, &n, b, &n, &nothing, c, &n); break;
            case 3: dgesv_(&n, &n, b, &n, pivots, c, &n, &info); break;
            case 4: dsyev_("N", "U", &n, b, &n, values, work, &room, &info); break;
            }
            if (counted)
                getsid(0);
        }
    return 0;
}
