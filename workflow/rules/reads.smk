# Read samples: FASTQ or BAM to the tables of a sample.


rule warm:
    input:
        knowledge=ancient(collect("<reference>/{table}", table=ALIGNING)),
    output:
        "<results>/work/compiled.txt",
    log:
        "<results>/logs/warm.log",
    threads: 1
    params:
        code=CODE,
        reference=PLAN.settings["reference"],
    shell:
        "ablkd warm --reference {params.reference:q} --done {output:q} 2>&1 | tee {log:q}"


rule align:
    input:
        compiled="<results>/work/compiled.txt",
        reads_1=ask(PLAN.files, "reads_1"),
        reads_2=ask(PLAN.files, "reads_2"),
        knowledge=collect("<reference>/{table}", table=ALIGNING),
    output:
        fragments="<results>/work/{sample}/fragments.npy",
        counts="<results>/work/{sample}/counts.tsv",
        qc="<results>/work/{sample}/align_qc.tsv",
    log:
        "<results>/logs/align/{sample}.log",
    wildcard_constraints:
        sample=any_of(READS),
    threads: 1
    params:
        code=CODE,
        platform=ask(PLAN.cell, "platform"),
        amplicon=ask(PLAN.cell, "amplicon"),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd align --sample {wildcards.sample:q} --platform {params.platform:q} --amplicon {params.amplicon:q}"
        " --reference {params.reference:q} --reads-1 {input.reads_1:q} --reads-2 {input.reads_2:q}"
        " --fragments {output.fragments:q} --counts {output.counts:q} --qc {output.qc:q} 2>&1 | tee {log:q}"


# For people, who look at it after the report: every other job that is ready goes first.
rule bam:
    input:
        compiled="<results>/work/compiled.txt",
        reads_1=ask(PLAN.files, "reads_1"),
        reads_2=ask(PLAN.files, "reads_2"),
        qc="<results>/work/{sample}/align_qc.tsv",
        knowledge=collect("<reference>/{table}", table=ALIGNING),
    output:
        bam="<results>/samples/{sample}/aligned.bam",
        bai="<results>/samples/{sample}/aligned.bam.bai",
    log:
        "<results>/logs/bam/{sample}.log",
    wildcard_constraints:
        sample=any_of(READS),
    priority: -1
    threads: 1
    params:
        code=CODE,
        platform=ask(PLAN.cell, "platform"),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd bam --platform {params.platform:q} --reference {params.reference:q}"
        " --reads-1 {input.reads_1:q} --reads-2 {input.reads_2:q} --align-qc {input.qc:q} --bam {output.bam:q} 2>&1 | tee {log:q}"


rule background:
    input:
        sheet=ancient(PLAN.settings["samples"]),
        counts=ask(PLAN.of_batch, "<results>/work/{sample}/counts.tsv"),
        panel=PANEL,
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        "<results>/work/backgrounds/{batch}.npz",
    log:
        "<results>/logs/background/{batch}.log",
    wildcard_constraints:
        batch=any_of(BATCHES),
    threads: 1
    params:
        code=CODE,
        lines=ask(PLAN.batch_lines),
        platform=ask(PLAN.batch_platform),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd background --sheet {input.sheet:q} --platform {params.platform:q} --reference {params.reference:q}"
        " --run-counts {input.counts:q} --panel {input.panel:q} --background {output:q} 2>&1 | tee {log:q}"


def background_of(wildcards):
    """The background of the run and platform of a sample."""
    return f"<results>/work/backgrounds/{PLAN.batch(wildcards.sample)}.npz"


rule call:
    input:
        fragments="<results>/work/{sample}/fragments.npy",
        background=background_of,
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        calls="<results>/samples/{sample}/calls.tsv",
        coverage="<results>/samples/{sample}/coverage.tsv",
        splicing="<results>/samples/{sample}/splicing.tsv",
        fusion="<results>/samples/{sample}/fusion.tsv",
        qc="<results>/work/{sample}/call_qc.tsv",
    log:
        "<results>/logs/call/{sample}.log",
    wildcard_constraints:
        sample=any_of(READS),
    threads: 1
    params:
        code=CODE,
        platform=ask(PLAN.cell, "platform"),
        copies=ask(PLAN.cell, "template_copies"),
        reference=PLAN.settings["reference"],
        required_lod=PLAN.settings["required_lod_reads"],
        reporting_cut=PLAN.settings["reporting_cut_reads"],
    shell:
        "ablkd call --sample {wildcards.sample:q} --platform {params.platform:q} --reference {params.reference:q}"
        " --fragments {input.fragments:q} --template-copies {params.copies:q}"
        " --background {input.background:q}"
        " --required-lod {params.required_lod} --reporting-cut {params.reporting_cut}"
        " --calls {output.calls:q} --coverage {output.coverage:q}"
        " --splicing {output.splicing:q} --fusion {output.fusion:q} --qc {output.qc:q} 2>&1 | tee {log:q}"


rule recombination:
    input:
        sheet=ancient(PLAN.settings["samples"]),
        fragments=ask(
            PLAN.recombination_controls, "<results>/work/{sample}/fragments.npy"
        ),
        calls=ask(PLAN.recombination_controls, "<results>/samples/{sample}/calls.tsv"),
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        "<results>/work/runs/{run}/recombination.tsv",
    log:
        "<results>/logs/recombination/{run}.log",
    threads: 1
    params:
        code=CODE,
        lines=ask(PLAN.recombination_lines),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd recombination --sheet {input.sheet:q} --run {wildcards.run:q} --reference {params.reference:q}"
        " --control-fragments {input.fragments:q} --control-calls {input.calls:q}"
        " --recombination {output:q} 2>&1 | tee {log:q}"


rule phase:
    input:
        fragments="<results>/work/{sample}/fragments.npy",
        calls="<results>/samples/{sample}/calls.tsv",
        call_qc="<results>/work/{sample}/call_qc.tsv",
        splicing="<results>/samples/{sample}/splicing.tsv",
        recombination=ask(PLAN.beside, "<results>/work/runs/{run}/recombination.tsv"),
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        haplotypes="<results>/samples/{sample}/haplotypes.tsv",
        phase="<results>/samples/{sample}/phase.tsv",
        pile_ups="<results>/work/{sample}/pile_ups.json",
        qc="<results>/work/{sample}/phase_qc.tsv",
    log:
        "<results>/logs/phase/{sample}.log",
    wildcard_constraints:
        sample=any_of(READS),
    threads: 1
    params:
        code=CODE,
        platform=ask(PLAN.cell, "platform"),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd phase --sample {wildcards.sample:q} --platform {params.platform:q} --reference {params.reference:q}"
        " --fragments {input.fragments:q} --calls {input.calls:q} --call-qc {input.call_qc:q}"
        " --splicing {input.splicing:q} --recombination {input.recombination:q}"
        " --haplotypes {output.haplotypes:q} --phase {output.phase:q} --pile-ups {output.pile_ups:q}"
        " --qc {output.qc:q} 2>&1 | tee {log:q}"
