"""How the pages look beyond Streamlit's own: less air, large letters, and one order of things on a phone."""

from __future__ import annotations

from sim.plots.style import FAINT, INK, MUTED

PHONE = 640  # pixels: Streamlit stacks columns below

STYLE = f"""<style>
.stMainBlockContainer {{ padding-top: 3.6rem; padding-bottom: 3rem; max-width: 1500px; }}
.stMainBlockContainer h1 {{ font-size: 1.5rem; padding: 0 0 .2rem 0; }}
.st-key-controls [data-testid="stVerticalBlock"] {{ gap: .35rem; }}
.headline {{ font-size: 1.02rem; color: {INK}; line-height: 1.4; }}
.key {{ font-size: .85rem; color: {MUTED}; display: flex; flex-wrap: wrap; gap: .1rem .9rem; align-items: center; }}
.key span {{ display: inline-flex; align-items: center; gap: .3rem; }}
.key i {{ display: inline-block; width: 14px; height: 10px; border: 1px solid {FAINT}; }}
ul.points {{ list-style: none; margin: 0; padding: 0; font-size: .95rem; line-height: 1.35; color: {INK}; }}
ul.points li {{ display: flex; gap: .55rem; margin: 0 0 .6rem 0; padding: 0; }}
ul.points svg {{ flex: 0 0 20px; margin-top: .12rem; }}
ul.points .pay {{ color: {MUTED}; white-space: nowrap; }}
.transcript {{ font-size: .95rem; line-height: 1.4; }}
.transcript p {{ margin: 0 0 .25rem 0; }}
.transcript .now {{ background: #FFF6C2; border-left: 4px solid {INK}; padding-left: .5rem; }}
@media (max-width: {PHONE}px) {{
  .stMainBlockContainer {{ padding-left: .8rem; padding-right: .8rem; }}
  [data-testid="stColumn"]:has(.st-key-picture) {{ order: -1; position: sticky; top: 3.2rem; z-index: 10;
    background: white; padding-bottom: .3rem; }}
  [data-testid="stColumn"]:has(.st-key-controls) {{ order: 0; }}
  .st-key-picture [data-testid="stVegaLiteChart"] svg, .st-key-picture [data-testid="stVegaLiteChart"] canvas
    {{ max-height: 46vh; }}
}}
</style>"""
