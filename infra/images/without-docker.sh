#!/usr/bin/env bash
# Builds the Dockerfiles whole where there is no Docker and no registry of images: by buildah, with
# Debian's Python and nginx and this machine's Node in place of the base images. What comes out is
# for trying out, not for shipping; `make image-build` calls it.
#
#   make image-build IMAGES="gateway edge"
#
# As root on Debian 12, with buildah and debootstrap. TORCH_INDEX is an index of torch wheels for CPUs.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}

declare -A FILES=([worker]=worker/Dockerfile [gateway]=ws_gateway/Dockerfile [edge]=web/Dockerfile [local]=local/Dockerfile)
base=localhost/prosa-debian
rootfs=$PWD/build/debian

make_base() {
    local container
    if [[ ! -e $rootfs/.complete ]]; then
        rm -rf "$rootfs"
        debootstrap --variant=minbase --include=ca-certificates,gettext-base,nginx-light,python3,python3-pip,python3-venv \
            bookworm "$rootfs" http://deb.debian.org/debian > "$PWD/build/debootstrap.log"
        ln -s python3.11 "$rootfs/usr/bin/python"
        # Trust what this machine trusts, and install from where it does.
        cp --remove-destination /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
        [[ ! -e /etc/pip.conf ]] || cp /etc/pip.conf "$rootfs/etc/"
        install -D "$(readlink -f "$(command -v node)")" "$rootfs/usr/local/bin/node"
        cp -a "$(npm root --global)" "$rootfs/usr/local/lib/node_modules"
        ln -s ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
        touch "$rootfs/.complete"
    fi
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$rootfs" / > /dev/null
    buildah config --env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
        --env npm_config_cafile=/etc/ssl/certs/ca-certificates.crt "$container"
    buildah commit --quiet --rm "$container" "$base" > /dev/null
}

mkdir -p build
buildah inspect --type image "$base" > /dev/null 2>&1 || make_base
for image in "${@:-gateway edge worker local}"; do
    for name in $image; do
        options=(--build-arg "PYTHON_IMAGE=$base" --build-arg "NODE_IMAGE=$base" --build-arg "NGINX_IMAGE=$base")
        [[ -z ${TORCH_INDEX:-} ]] || options+=(--build-arg "TORCH_INDEX=$TORCH_INDEX")
        for folder in ${PIP_FIND_LINKS:-}; do
            options+=(--volume "$folder:$folder:ro" --env "PIP_FIND_LINKS=$folder")
        done
        buildah bud --quiet --layers=false --format docker "${options[@]}" \
            --file "${FILES[$name]}" --tag "localhost/prosa-$name" . > /dev/null
        echo "built localhost/prosa-$name"
    done
done
