# Every sample, read or trace: rows and knowledge to results; results to pages.


rule crosscheck:
    input:
        sheet=ancient(PLAN.settings["samples"]),
        calls=ask(PLAN.of_run, "<results>/samples/{sample}/calls.tsv"),
        coverage=ask(PLAN.of_run, "<results>/samples/{sample}/coverage.tsv"),
        fusion=ask(PLAN.of_run, "<results>/samples/{sample}/fusion.tsv"),
        splicing=ask(PLAN.of_run, "<results>/samples/{sample}/splicing.tsv"),
        knowledge=collect("<reference>/{table}", table=CALLING),
    output:
        "<results>/work/runs/{run}/cross_check.tsv",
    log:
        "<results>/logs/crosscheck/{run}.log",
    threads: 1
    params:
        code=CODE,
        lines=ask(PLAN.run_lines),
        tables=ask(PLAN.of_run, SAMPLE_FOLDER),
        reference=PLAN.settings["reference"],
    shell:
        "ablkd crosscheck --sheet {input.sheet:q} --run {wildcards.run:q} --reference {params.reference:q}"
        " --run-tables {params.tables:q} --qc {output:q} 2>&1 | tee {log:q}"


rule interpret:
    input:
        sheet=ancient(PLAN.settings["samples"]),
        calls="<results>/samples/{sample}/calls.tsv",
        coverage="<results>/samples/{sample}/coverage.tsv",
        haplotypes="<results>/samples/{sample}/haplotypes.tsv",
        phase="<results>/samples/{sample}/phase.tsv",
        splicing="<results>/samples/{sample}/splicing.tsv",
        fusion="<results>/samples/{sample}/fusion.tsv",
        qc=ask(PLAN.qc, "<results>/work/{sample}/{step}_qc.tsv"),
        peaks=ask(PLAN.peaks, "<results>/work/{sample}/peaks.json"),
        pile_ups=ask(PLAN.pile_ups, "<results>/work/{sample}/pile_ups.json"),
        cross_check=ask(PLAN.beside, "<results>/work/runs/{run}/cross_check.tsv"),
        control_calls=ask(PLAN.controls, "<results>/samples/{sample}/calls.tsv"),
        control_coverage=ask(PLAN.controls, "<results>/samples/{sample}/coverage.tsv"),
        control_phase=ask(PLAN.controls, "<results>/samples/{sample}/phase.tsv"),
        control_splicing=ask(PLAN.controls, "<results>/samples/{sample}/splicing.tsv"),
        control_qc=ask(PLAN.control_qc, "<results>/work/{sample}/{step}_qc.tsv"),
        knowledge=collect("<reference>/{table}", table=KNOWLEDGE),
    output:
        clones="<results>/samples/{sample}/clones.tsv",
        clone_drugs="<results>/samples/{sample}/clone_drugs.tsv",
        drugs="<results>/samples/{sample}/drugs.tsv",
        qc="<results>/samples/{sample}/qc.tsv",
        result="<results>/samples/{sample}/result.json",
    log:
        "<results>/logs/interpret/{sample}.log",
    threads: 1
    params:
        code=CODE,
        lines=ask(PLAN.lines),
        tables=SAMPLE_FOLDER,
        control_tables=ask(PLAN.controls, SAMPLE_FOLDER),
        reference=PLAN.settings["reference"],
        thresholds=ask(PLAN.thresholds),
    shell:
        "ablkd interpret --sheet {input.sheet:q} --sample {wildcards.sample:q} --reference {params.reference:q}"
        " --tables {params.tables:q} --qc-parts {input.qc:q} --peaks {input.peaks:q} --pile-ups {input.pile_ups:q}"
        " --cross-check {input.cross_check:q}"
        " --control-tables {params.control_tables:q} --control-qc {input.control_qc:q} --setting {params.thresholds:q}"
        " --clones {output.clones:q} --clone-drugs {output.clone_drugs:q}"
        " --drugs {output.drugs:q} --qc {output.qc:q} --result {output.result:q} 2>&1 | tee {log:q}"


rule report:
    input:
        result="<results>/samples/{sample}/result.json",
        knowledge=collect("<reference>/{table}", table=KNOWLEDGE),
        site=SITE,
    output:
        html="<results>/samples/{sample}/report.html",
        vcf="<results>/samples/{sample}/calls.vcf.gz",
        index="<results>/samples/{sample}/calls.vcf.gz.tbi",
    log:
        "<results>/logs/report/{sample}.log",
    threads: 1
    params:
        code=CODE,
        site=SITE_FOLDER,
        reference=PLAN.settings["reference"],
    shell:
        "ablkd report --result {input.result:q} --reference {params.reference:q}"
        " --html {output.html:q} --vcf {output.vcf:q} --site {params.site:q} 2>&1 | tee {log:q}"


rule report_pdf:
    input:
        result="<results>/samples/{sample}/result.json",
        knowledge=collect("<reference>/{table}", table=KNOWLEDGE),
        site=SITE,
    output:
        pdf="<results>/samples/{sample}/report.pdf",
    log:
        "<results>/logs/report_pdf/{sample}.log",
    threads: 1
    params:
        code=CODE,
        site=SITE_FOLDER,
        reference=PLAN.settings["reference"],
    shell:
        "ablkd report --result {input.result:q} --reference {params.reference:q} --pdf {output.pdf:q}"
        " --site {params.site:q} 2>&1 | tee {log:q}"


rule timeline:
    input:
        results=ask(PLAN.of_patient, "<results>/samples/{sample}/result.json"),
        clinical=CLINICAL,
        knowledge=collect("<reference>/{table}", table=KNOWLEDGE),
        site=SITE,
    output:
        html="<results>/patients/{patient}.html",
        table="<results>/patients/{patient}.tsv",
    log:
        "<results>/logs/timeline/{patient}.log",
    threads: 1
    params:
        code=CODE,
        site=SITE_FOLDER,
        reference=PLAN.settings["reference"],
    shell:
        "ablkd timeline --patient {wildcards.patient:q} --reference {params.reference:q}"
        " --results {input.results:q} --clinical {input.clinical:q}"
        " --html {output.html:q} --table {output.table:q} --site {params.site:q} 2>&1 | tee {log:q}"


rule summarize:
    input:
        results=ask(PLAN.of_run, "<results>/samples/{sample}/result.json"),
        site=SITE,
    output:
        collect("<results>/runs/{{run}}/{page}", page=RUN_PAGES),
    log:
        "<results>/logs/summarize/{run}.log",
    threads: 1
    params:
        code=CODE,
        site=SITE_FOLDER,
        folder=PLAN.settings["results"] + "/runs/{run}",
    shell:
        "ablkd summarize --run {wildcards.run:q} --results {input.results:q} --folder {params.folder:q}"
        " --site {params.site:q} 2>&1 | tee {log:q}"


rule manifest:
    input:
        results=ask(PLAN.of_run, "<results>/samples/{sample}/result.json"),
        samples=ask(PLAN.written, "<results>/samples/{sample}"),
        pages=collect("<results>/runs/{{run}}/{page}", page=RUN_PAGES),
    output:
        "<results>/runs/{run}/manifest.json",
    log:
        "<results>/logs/manifest/{run}.log",
    threads: 1
    params:
        code=CODE,
        folder=PLAN.settings["results"],
        names=PLAN.sample_files(),
    shell:
        "ablkd manifest --folder {params.folder:q} --run {wildcards.run:q} --results {input.results:q}"
        " --names {params.names:q} --pages {input.pages:q} --manifest {output:q} 2>&1 | tee {log:q}"


rule manifest_of_all:
    input:
        index="<results>/index.html",
        patients=collect(
            "<results>/patients/{patient}.{kind}",
            patient=PATIENTS,
            kind=["html", "tsv"],
        ),
        runs=collect("<results>/runs/{run}/manifest.json", run=RUNS),
    output:
        "<results>/manifest.json",
    log:
        "<results>/logs/manifest_of_all.log",
    threads: 1
    params:
        code=CODE,
        folder=PLAN.settings["results"],
    shell:
        "ablkd manifest --folder {params.folder:q} --pages {input.index:q} {input.patients:q} {input.runs:q}"
        " --manifest {output:q} 2>&1 | tee {log:q}"


rule index:
    input:
        results=collect("<results>/samples/{sample}/result.json", sample=PLAN.samples),
        site=SITE,
    output:
        "<results>/index.html",
    log:
        "<results>/logs/index.log",
    threads: 1
    params:
        code=CODE,
        site=SITE_FOLDER,
    shell:
        "ablkd summarize --index {output:q} --results {input.results:q} --site {params.site:q} 2>&1 | tee {log:q}"
