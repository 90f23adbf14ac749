/* OpenSSL 3, and as functions those of its macros that Swift does not see. */
#ifndef OCHOTONA_COPENSSL_H
#define OCHOTONA_COPENSSL_H

#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Neither compression nor renegotiation; writes may be taken in part, and repeated from another address. */
static inline void ochotona_ssl_set_modes(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int ochotona_ssl_set_versions(SSL_CTX *context, int minimum, int maximum)
{
    return SSL_CTX_set_min_proto_version(context, minimum) == 1 && SSL_CTX_set_max_proto_version(context, maximum) == 1;
}

/* The context owns the certificate if this succeeds. */
static inline int ochotona_ssl_add_chain_certificate(SSL_CTX *context, X509 *certificate)
{
    return SSL_CTX_add0_chain_cert(context, certificate) == 1;
}

static inline int ochotona_ssl_set_server_name(SSL *ssl, const char *name)
{
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* The alert that an error stands for, or -1. */
static inline int ochotona_ssl_alert(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET) return -1;
    return reason - SSL_AD_REASON_OFFSET <= 255 ? reason - SSL_AD_REASON_OFFSET : -1;
}

/* The reason of an error of the SSL part, or 0. */
static inline int ochotona_ssl_reason(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
}

/* Whether an error says that there is no further PEM block, which ends a list of them. */
static inline int ochotona_is_end_of_pem(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static inline int ochotona_is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

#endif
