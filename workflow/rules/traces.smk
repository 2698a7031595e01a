# Trace samples: any number of .ab1 files to the same tables.


rule trace:
    input:
        traces=ask(PLAN.files, "reads_1"),
        wild_types=ask(PLAN.wild_types),
        library=LIBRARY,
        known=PLAN.library_traces(),
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        calls="<results>/samples/{sample}/calls.tsv",
        coverage="<results>/samples/{sample}/coverage.tsv",
        haplotypes="<results>/samples/{sample}/haplotypes.tsv",
        phase="<results>/samples/{sample}/phase.tsv",
        splicing="<results>/samples/{sample}/splicing.tsv",
        fusion="<results>/samples/{sample}/fusion.tsv",
        peaks="<results>/work/{sample}/peaks.json",
        qc="<results>/work/{sample}/call_qc.tsv",
    log:
        "<results>/logs/trace/{sample}.log",
    wildcard_constraints:
        sample=any_of(TRACES),
    threads: 1
    params:
        code=CODE,
        reference=PLAN.settings["reference"],
        required_lod=PLAN.settings["required_lod_sanger"],
        reporting_cut=PLAN.settings["reporting_cut_sanger"],
    shell:
        "ablkd trace --sample {wildcards.sample:q} --reference {params.reference:q} --traces {input.traces:q}"
        " --wild-types {input.wild_types:q} --trace-library {input.library:q}"
        " --required-lod {params.required_lod} --reporting-cut {params.reporting_cut}"
        " --calls {output.calls:q} --coverage {output.coverage:q} --haplotypes {output.haplotypes:q}"
        " --phase {output.phase:q} --splicing {output.splicing:q} --fusion {output.fusion:q}"
        " --peaks {output.peaks:q} --qc {output.qc:q} 2>&1 | tee {log:q}"
