"""calls.vcf.gz: every call of a sample on the target transcript, position 1 being c.1 (VCF 4.4)."""

from __future__ import annotations

import re
from pathlib import Path

from ablkd.errors import InputError
from ablkd.records import Call, Result
from ablkd.reference import SEQUENCES, Reference
from ablkd.tables import atomic

Allele = tuple[int, str, str]  # 1-based position, reference bases, changed bases

INFO = (
    '##INFO=<ID=NAME,Number=1,Type=String,Description="Short name of the change">',
    '##INFO=<ID=HGVSC,Number=1,Type=String,Description="Name on the coding sequence">',
    '##INFO=<ID=HGVSP,Number=1,Type=String,Description="Predicted name on the protein">',
    '##INFO=<ID=TIER,Number=1,Type=String,Description="catalogue, novel, polymorphism or synonymous">',
    '##INFO=<ID=LEVEL,Number=1,Type=String,Description="reported, low_level or evidence_only">',
    '##INFO=<ID=HAPS,Number=.,Type=String,Description="Haplotypes that contain the change">',
)
FORMAT = (
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Fragments without the change, and with it, by good bases">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Fragments that span the codon">',
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Fraction of the fragments that span the codon, poor bases too">',
)
_CHANGE = re.compile(r"c\.(\d+)(?:_(\d+))?(?:([ACGT])>([ACGT])|(delins|del|ins|dup)([ACGTN]*))$")


def write_vcf(result: Result, reference: Reference, path: Path) -> None:
    """Write all calls, filtered ones with their reasons, bgzipped and with a tabix index beside it.

    Raises
    ------
    InputError
        Where a call's name cannot be placed on the target.
    """
    import pysam

    data = vcf_text(result, reference).encode()
    index = path.with_name(path.name + ".tbi")
    with atomic(index) as temporary_index, atomic(path) as temporary:
        with pysam.BGZFile(str(temporary), "wb", None) as out:
            out.write(data)
        pysam.tabix_index(str(temporary), preset="vcf", force=True, index=str(temporary_index))


def vcf_text(result: Result, reference: Reference) -> str:
    """The VCF as text: header, then the calls sorted by position and bases."""
    name = reference.target.name
    reasons = sorted({r for call in result.calls for r in call.filter.split(";")} - {"PASS"})
    header = [
        "##fileformat=VCFv4.4",
        f"##source=ablkd {result.software_version}",
        f"##reference={SEQUENCES}",
        f"##contig=<ID={name},length={len(reference.sequence)}>",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        *(f'##FILTER=<ID={_filter(r)},Description="Filter reason {_filter(r)}">' for r in reasons),
        *INFO,
        *FORMAT,
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + result.sample.sample,
    ]
    rows = [(place(call.hgvs_c, reference.sequence), call) for call in result.calls]
    rows.sort(key=lambda row: (row[0], row[1].name))
    lines = [_line(name, allele, call, result) for allele, call in rows]
    return "\n".join([*header, *lines]) + "\n"


def _line(contig: str, allele: Allele, call: Call, result: Result) -> str:
    position, before, after = allele
    carriers = [h.haplotype for h in result.haplotypes if call.name in h.haplotype.split("+")]
    info = {
        "NAME": _coded(call.name),
        "HGVSC": _coded(call.hgvs_c),
        "HGVSP": _coded(call.hgvs_p),
        "TIER": _coded(call.tier),
        "LEVEL": _coded(call.level),
        "HAPS": ",".join(_coded(h) for h in carriers),
    }
    told = ";".join(f"{key}={value}" for key, value in info.items() if value)
    reasons = ";".join(map(_filter, call.filter.split(";")))
    counts = f"{max(0, call.depth - call.alt_count)},{call.alt_count}:{call.depth}:{call.vaf:.6g}"
    return "\t".join([contig, str(position), ".", before, after, ".", reasons, told, "AD:DP:AF", counts])


def _coded(text: str, special: str = " ;=%,\t\r\n") -> str:
    """Text as a value of an INFO field: what separates fields is percent-encoded (VCF 4.4, section 1.2)."""
    return "".join(c if c.isascii() and c not in special else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def _filter(reason: str) -> str:
    """A filter reason as an identifier of the header."""
    return _coded(reason, ' ;=%,:"<>\t\r\n')


def place(hgvs_c: str, sequence: str) -> Allele:
    """Position, REF and ALT of a coding name on `sequence`, left-aligned and with one anchor base if needed.

    Follows Tan et al., Bioinformatics 2015;31:2202 (unified representation).

    Raises
    ------
    InputError
        Where the name is of no known form, lies outside the sequence or contradicts its bases.
    """
    # Bases that could not be read are N, also in VCF.
    found = _CHANGE.search(re.sub(r"N\[(\d+)\]", lambda unread: "N" * int(unread[1]), hgvs_c))
    if not found:
        raise InputError(f"'{hgvs_c}' cannot be placed on the target (a c. name with a change is needed)")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= len(sequence):
        raise InputError(f"'{hgvs_c}' lies outside the target's {len(sequence)} bases (correct the name)")
    old, kind, new = sequence[first - 1 : last], found[5], found[6] or ""
    if found[3]:
        if old != found[3]:
            raise InputError(f"'{hgvs_c}' says {found[3]} where the target has {old} (correct the name)")
        return first, found[3], found[4]
    if kind == "ins":
        return _normal(sequence, first + 1, "", new)
    if kind == "dup":
        return _normal(sequence, last + 1, "", old)
    return _normal(sequence, first, old, new if kind == "delins" else "")


def _normal(sequence: str, position: int, before: str, after: str) -> Allele:
    """The shortest form, as far left as it goes; an insertion or deletion keeps one base before it."""
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0]:
        position, before, after = position + 1, before[1:], after[1:]
    if before and after:
        return position, before, after
    while position > 1 and (before or after)[-1] == sequence[position - 2]:
        base = sequence[position - 2]
        position -= 1
        before, after = (base + before[:-1] if before else ""), (base + after[:-1] if after else "")
    if position > 1:
        anchor = sequence[position - 2]
        return position - 1, anchor + before, anchor + after
    # Nothing stands before c.1: the base after the change is the anchor.
    anchor = sequence[len(before)]
    return 1, before + anchor, after + anchor
