# shellcheck shell=sh
# The SDK's compiler with the words of its environment script, for the target alone.
#
# Each compiler of a build is a file of settings that sources this one; compilers.py writes it and
# says what each setting means.  A list has a line for each of its entries.
: "${tool?}" "${command?}" "${ccache?}" "${log?}" "${leak_status?}"
: "${allowed?}" "${refused?}" "${dropped?}" "${dropped_macros?}"
: "${workspace?}" "${sdk?}" "${sdk_link?}" "${sysroot?}" "${headers?}" "${suffix?}"

# These would add folders of the build machine, or crossenv's, behind our back.
unset CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX LD_RUN_PATH

line="$*"
IFS='
'
set -f # an entry of a list is no pattern

refuse() {
    echo "crossbuild: $1 is a path of the build machine; a wheel for the board must not see it" >&2
    echo "crossbuild: the line was: $tool $line" >&2
    exit "$leak_status"
}

# below FOLDER LIST: whether it is one of these folders or lies in one
below() {
    for root in $2; do
        case $1/ in "$root"/*) return 0 ;; esac
    done
    return 1
}

# holds_anything OPTION FOLDER: whether there is something to include, or for -L to link
holds_anything() {
    case $1 in
        -L) found=$(find -H "$2" -maxdepth 1 '(' -name 'lib*.a' -o -name 'lib*.so' ')' 2>/dev/null) ;;
        *) found=$(ls -A -- "$2" 2>/dev/null) ;;
    esac
    [ "$found" ]
}

# judge OPTION PATH: 0 where the compile may see it, as $place; 1 where its mention is dropped
judge() {
    folder=$2
    place=$2
    case $folder in
        "$sdk_link"/*) folder=$sdk${folder#"$sdk_link"} ;;
        "$sdk"/*) place=$sdk_link${folder#"$sdk"} ;;
    esac
    case $folder in
        /*) case $folder in */../*|*/..) folder=$(realpath -m -- "$folder") ;; esac ;;
        *usr/include*|*usr/lib*|*usr/local*) folder=$(realpath -m -- "$folder") ;;
        *) return 0 ;;
    esac
    if below "$folder" "$dropped"; then return 1; fi
    if below "$folder" "$refused"; then refuse "$2"; fi
    if below "$folder" "$allowed"; then return 0; fi
    # The build sees the sysroot's in its place (isolation/hiding.py).
    # shellcheck disable=SC3013 # every shell that is /bin/sh somewhere knows -ef
    if [ "$folder" -ef "$sysroot$folder" ]; then
        judge "$1" "$sysroot$folder"
        return
    fi
    case $folder in
        *.a|*.o|*.so|*.so.*) ;;
        # Named by habit: a folder that is not there, or holds nothing, leaks nothing.
        *) holds_anything "$1" "$folder" || return 1 ;;
    esac
    refuse "$2"
}

# keep WORD: adds it to $words, in quotes; `set -- "$@" "$word"` would copy all words for each
keep() {
    rest=$1
    words="$words '"
    while [ "${rest#*\'}" != "$rest" ]; do
        words="$words${rest%%\'*}'\\''"
        rest=${rest#*\'}
    done
    words="$words$rest'"
}

# link_module FOLDER: as $link, a link to Meson's folder of a module, whose name tells no Python
link_module() {
    link=${1%"$suffix".p}.module.p
    [ -e "$link" ] || ln -s "${1##*/}" "$link" 2>/dev/null || :
}

# share FOLDER: as $link, an -I's folder by a name that tells no Python; 1 for any other folder
share() {
    case $1 in
        *"$suffix".p) link_module "$1" ;;
        /*) case $1 in
                "$headers"|"$sysroot/usr/include/$version"|"$sysroot"/usr/include/*/"$version")
                    link=$workspace/python ;;
                *) return 1 ;;
            esac ;;
        *) return 1 ;;
    esac
}

version=${headers##*/}
option=
unit=
product=
python=
told=
placed=
words=
for word do
    case $option in
        '') ;;
        -o) product=$word; keep -o; keep "$word"; option=; continue ;;
        *) if judge "$option" "$word"; then keep "$option"; keep "$place"; fi; option=; continue ;;
    esac
    case $word in
        -o|-I|-L|-isystem|-iquote|-idirafter|-B) option=$word; continue ;;
        -D*)
            for macro in $dropped_macros; do
                case $word in -D"$macro"=*) continue 2 ;; esac
            done
            case $word in *"$workspace"*|*"$sdk"/*) placed=placed: ;; esac
            ;;
        -I?*)
            # Meson takes the headers' folder in build-details.json for one of the sysroot.
            [ "$word" != "-I$sysroot$headers" ] || word=-I$headers
            if [ "$ccache" ] && share "${word#-I}"; then
                [ "$link" != "$python" ] || continue # the second name of the same headers
                [ "$link" != "$workspace/python" ] || python=$link
                word=-I$link
            else
                judge -I "${word#-I}" || continue
                word=-I$place
            fi
            ;;
        -L?*) judge -L "${word#-L}" || continue; word=-L$place ;;
        -isystem?*) judge -I "${word#-isystem}" || continue; word=-isystem$place ;;
        -idirafter?*) judge -I "${word#-idirafter}" || continue; word=-idirafter$place ;;
        -MD) told=told: ;;
        -*) ;;
        *.[cCsSfF]|*.cc|*.cpp|*.cxx|*.f77|*.[fF]9?|*.for) unit=$word ;;
        /*.a|/*.o|/*.so|/*.so.*) judge '' "$word" || continue ;;
    esac
    keep "$word"
done
[ -z "$option" ] || keep "$option"
unset IFS

# Where the compiler tells all that it reads (-MD), ccache knows a compile by that and by its words,
# and compiles at once what it lacks.  But words or a source that name the build's folder or the SDK's
# may mean the same with another: there it compares what the preprocessor makes of it.
case $ccache$told$placed$unit in
    # Meson's questions are asked in another folder each time.
    yes:*meson-private/*) export CCACHE_DISABLE=1 ;;
    yes:told:placed:*) ;;
    # What came with the package names no folder of a build.
    yes:told:../source/*) export CCACHE_DEPEND=1 ;;
    yes:told:?*) grep -qsF -e "$workspace" -e "$sdk/" -- "$unit" || export CCACHE_DEPEND=1 ;;
esac

owner=${CROSSBUILD_JOB_OWNER:-${CROSSBUILD_JOB_POOL##*-}}
if [ -p "$CROSSBUILD_JOB_POOL" ] && kill -0 "$owner" 2>/dev/null; then
    # Several builds share so many tokens; this call's goes back also where it is ended.
    exec 9<> "$CROSSBUILD_JOB_POOL"
    read -r _ <&9
    trap 'echo >&9; exit 143' HUP INT TERM
    pooled=yes
else
    pooled=
fi
eval "set -- $command $words"
# The machine's uptime is the one clock that a shell reads without starting a program.
read -r began _ < /proc/uptime
"$@" 9<&-
status=$?
read -r ended _ < /proc/uptime
echo "$began $ended $status $tool ${unit:-$product}" >> "$log"
[ -z "$pooled" ] || echo >&9
exit $status
