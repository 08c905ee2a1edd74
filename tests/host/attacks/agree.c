/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agree.c: does nothing, and well: what tests have in the place of a tenant's systemctl. No script, whose interpreter opens it once more. */
int main(void) {
        return 0;
}
