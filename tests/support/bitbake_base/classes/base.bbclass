# The tasks that recipes of a layer run through, each as OpenEmbedded defines what it does.
addtask fetch
addtask unpack after do_fetch
addtask configure after do_unpack
addtask compile after do_configure
addtask install after do_compile

do_fetch[dirs] = "${DL_DIR}"
python do_fetch() {
    bb.fetch2.Fetch(d.getVar('SRC_URI').split(), d).download()
}

do_unpack[cleandirs] = "${UNPACKDIR}"
python do_unpack() {
    bb.fetch2.Fetch(d.getVar('SRC_URI').split(), d).unpack(d.getVar('UNPACKDIR'))
}

# As insane.bbclass of OpenEmbedded, which looks after every unpack.
python do_qa_unpack() {
    if not os.path.isdir(d.getVar('S')):
        bb.fatal("the directory %s pointed to by the S variable doesn't exist" % d.getVar('S'))
}
do_unpack[postfuncs] += "do_qa_unpack"

do_configure() {
    false
}

do_compile() {
    false
}

do_install() {
    false
}
do_install[cleandirs] = "${D}"

python () {
    import re
    need = d.getVar('COMPATIBLE_HOST')
    if need and not re.match(need, d.getVar('HOST_SYS')):
        raise bb.parse.SkipRecipe("incompatible with host %s" % d.getVar('HOST_SYS'))
}
