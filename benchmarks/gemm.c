/* Products of two 256 x 256 matrices, of doubles and of floats, each between two calls of getsid
   (see count.c).  The first product of each kind is not counted: it sets the library up. */
#include <unistd.h>

enum { N = 256 };

void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *,
            const double *, const int *, const double *, const int *, const double *, double *,
            const int *);
void sgemm_(const char *, const char *, const int *, const int *, const int *, const float *,
            const float *, const int *, const float *, const int *, const float *, float *,
            const int *);

static double d[3][N * N];
static float s[3][N * N];

int main(void)
{
    const int n = N;
    const double one = 1, zero = 0;
    const float one_s = 1, zero_s = 0;
    for (int i = 0; i < N * N; i++)
        s[0][i] = d[0][i] = s[1][i] = d[1][i] = i % 17;
    for (int counted = 0; counted < 2; counted++) {
        if (counted)
            getsid(0);
        dgemm_("N", "N", &n, &n, &n, &one, d[0], &n, d[1], &n, &zero, d[2], &n);
        if (counted)
            getsid(0);
    }
    for (int counted = 0; counted < 2; counted++) {
        if (counted)
            getsid(0);
        sgemm_("N", "N", &n, &n, &n, &one_s, s[0], &n, s[1], &n, &zero_s, s[2], &n);
        if (counted)
            getsid(0);
    }
    return 0;
}
